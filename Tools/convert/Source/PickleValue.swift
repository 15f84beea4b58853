import JanusSystem

/// A value of a pickle, as plain data.
///
/// Lists, tuples and dictionaries lie in the reader's one table and are referred to by number: no
/// file can make a chain of objects whose release would exhaust the stack, or a cycle that leaks.
enum PickleValue: Equatable, Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case tuple(Int)
  case list(Int)
  case dictionary(Int)
  case global(PickleGlobal)
  case storage(PickleStorage)
  case tensor(Int)

  /// For messages.
  var kind: String {
    switch self {
    case .none: "None"
    case .bool: "a bool"
    case .integer: "an integer"
    case .number: "a number"
    case .string: "a string"
    case .tuple: "a tuple"
    case .list: "a list"
    case .dictionary: "a dictionary"
    case .global(let global): global.rawValue
    case .storage: "a storage"
    case .tensor: "a tensor"
    }
  }
}

/// The globals that a file of `torch.save` with plain tensors needs; every other name is refused.
enum PickleGlobal: String, Sendable {
  case orderedDictionary = "collections.OrderedDict"
  case rebuildTensor = "torch._utils._rebuild_tensor_v2"
  case float = "torch.FloatStorage"
  case half = "torch.HalfStorage"
  case bfloat16 = "torch.BFloat16Storage"

  /// The format of a storage class; `nil` for what is none.
  var element: SourceElement? {
    switch self {
    case .float: .f32
    case .half: .f16
    case .bfloat16: .bf16
    case .orderedDictionary, .rebuildTensor: nil
    }
  }
}

/// A storage as a pickle refers to it: the file's entry `data/<key>`.
struct PickleStorage: Hashable, Sendable {
  let global: PickleGlobal
  let key: String
  /// Elements.
  let count: Int
}

/// A tensor as a pickle describes it: a view of a storage, counted in elements.
struct PickleTensor: Equatable, Sendable {
  let storage: PickleStorage
  let offset: Int
  let size: [Int]
  let stride: [Int]
}
