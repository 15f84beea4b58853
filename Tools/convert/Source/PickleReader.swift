import JanusSystem

/// Reads a pickle of plain tensors without executing anything.
///
/// A pickle is a program for a stack machine. This one knows the instructions of `PickleOpcode` and
/// the names of `PickleGlobal`; "calling" one of these only notes what it stands for. Anything else
/// is refused with its name and position. Memory is linear in the pickle's size, which
/// `CheckpointLimits` bounds; there is no recursion.
struct PickleReader {
  /// What is wrong, and at which byte.
  struct Problem: Error, Equatable, CustomStringConvertible {
    let offset: Int
    let text: String
    var description: String { "pickle at byte \(offset): \(text)" }
  }

  /// A finished pickle.
  struct Document {
    let root: PickleValue
    fileprivate let sequences: [[PickleValue]]
    fileprivate let dictionaries: [[(key: PickleValue, value: PickleValue)]]
    fileprivate let tensors: [PickleTensor]

    func dictionary(_ value: PickleValue) -> [(key: PickleValue, value: PickleValue)]? {
      if case .dictionary(let index) = value { dictionaries[index] } else { nil }
    }

    func tensor(_ value: PickleValue) -> PickleTensor? {
      if case .tensor(let index) = value { tensors[index] } else { nil }
    }
  }

  static let maximumStack = 1 << 17
  static let maximumObjects = 1 << 20

  private var cursor: ByteCursor
  /// Where the instruction at hand began.
  private var begin = 0
  private var stack: [PickleValue] = []
  /// Stack heights at the marks that are open.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private var sequences: [[PickleValue]] = []
  private var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  private var tensors: [PickleTensor] = []

  /// Reads up to the STOP instruction.
  static func read(_ bytes: [UInt8]) throws(Problem) -> Document {
    var reader = PickleReader(cursor: ByteCursor(bytes))
    while try reader.step() {}
    let root = try reader.pop()
    return Document(
      root: root, sequences: reader.sequences, dictionaries: reader.dictionaries,
      tensors: reader.tensors)
  }

  private init(cursor: ByteCursor) {
    self.cursor = cursor
  }

  private func problem(_ text: String) -> Problem { Problem(offset: begin, text: text) }

  /// Carries out one instruction; false at the last.
  private mutating func step() throws(Problem) -> Bool {
    begin = cursor.offset
    guard let byte = cursor.integer(UInt8.self) else {
      throw problem("truncated: it ends without STOP")
    }
    guard let opcode = PickleOpcode(rawValue: byte) else {
      let name = PickleOpcode.refused[byte] ?? "0x" + String(byte, radix: 16)
      throw problem("the opcode \(name) is not allowed in a checkpoint")
    }
    switch opcode {
    case .stop: return false
    case .proto:
      let version = try argument(UInt8.self)
      guard (2...5).contains(version) else {
        throw problem("protocol \(version), expected 2 to 5")
      }
    case .frame: _ = try argument(UInt64.self)
    case .mark:
      guard marks.count < Self.maximumStack else { throw problem("too many marks") }
      marks.append(stack.count)
    case .none: try push(.none)
    case .newTrue: try push(.bool(true))
    case .newFalse: try push(.bool(false))
    case .binInt: try push(.integer(Int(Int32(bitPattern: try argument(UInt32.self)))))
    case .binInt1: try push(.integer(Int(try argument(UInt8.self))))
    case .binInt2: try push(.integer(Int(try argument(UInt16.self))))
    case .long1: try push(.integer(try longInteger()))
    case .binFloat:
      // The one number that pickles write with its highest byte first.
      try push(.number(Double(bitPattern: try argument(UInt64.self).byteSwapped)))
    case .binUnicode: try push(.string(try text(Int(try argument(UInt32.self)))))
    case .shortBinUnicode: try push(.string(try text(Int(try argument(UInt8.self)))))
    case .emptyTuple: try push(.tuple(try newSequence([])))
    case .tuple1: try pushTuple(1)
    case .tuple2: try pushTuple(2)
    case .tuple3: try pushTuple(3)
    case .tuple: try push(.tuple(try newSequence(try popToMark())))
    case .emptyList: try push(.list(try newSequence([])))
    case .emptyDictionary: try push(.dictionary(try newDictionary()))
    case .append:
      let item = try pop()
      try extendList([item])
    case .appends: try extendList(try popToMark())
    case .setItem:
      let value = try pop()
      let key = try pop()
      try extendDictionary([key, value])
    case .setItems: try extendDictionary(try popToMark())
    case .binPut: try remember(Int(try argument(UInt8.self)))
    case .longBinPut: try remember(Int(try argument(UInt32.self)))
    case .memoize: try remember(memo.count)
    case .binGet: try recall(Int(try argument(UInt8.self)))
    case .longBinGet: try recall(Int(try argument(UInt32.self)))
    case .global: try pushGlobal(module: try line(), name: try line())
    case .stackGlobal:
      guard case .string(let name) = try pop(), case .string(let module) = try pop() else {
        throw problem("STACK_GLOBAL expects two strings")
      }
      try pushGlobal(module: module, name: name)
    case .binPersID: try push(.storage(try storage(try pop())))
    case .reduce:
      let arguments = try pop()
      try reduce(try pop(), arguments)
    case .build:
      // torch.save attaches `_metadata` to the dictionary of tensors; nothing here needs it.
      let state = try pop()
      guard case .dictionary = state, case .dictionary = stack.last else {
        throw problem("BUILD on \(stack.last?.kind ?? "nothing") is not allowed in a checkpoint")
      }
    }
    return true
  }

  // MARK: Arguments

  private mutating func argument<Integer: FixedWidthInteger & UnsignedInteger>(
    _ type: Integer.Type
  ) throws(Problem) -> Integer {
    guard let value = cursor.integer(type) else { throw problem("truncated") }
    return value
  }

  private mutating func text(_ count: Int) throws(Problem) -> String {
    guard count <= cursor.remaining else { throw problem("truncated") }
    guard let text = cursor.text(count) else { throw problem("a string that is not UTF-8") }
    return text
  }

  private mutating func line() throws(Problem) -> String {
    guard let line = cursor.line() else { throw problem("truncated") }
    return line
  }

  /// An integer of up to eight bytes, lowest first, in two's complement.
  private mutating func longInteger() throws(Problem) -> Int {
    let count = Int(try argument(UInt8.self))
    guard count <= 8 else { throw problem("an integer of \(count) bytes, expected 8 at most") }
    guard let bytes = cursor.take(count) else { throw problem("truncated") }
    guard let highest = bytes.last else { return 0 }
    let filler: UInt64 = highest & 0x80 != 0 ? .max : 0
    return Int(Int64(bitPattern: bytes.reversed().reduce(filler) { $0 << 8 | UInt64($1) }))
  }

  // MARK: Stack, memo, objects

  private mutating func push(_ value: PickleValue) throws(Problem) {
    guard stack.count < Self.maximumStack else {
      throw problem("more than \(Self.maximumStack) values on the stack")
    }
    stack.append(value)
  }

  private mutating func pop() throws(Problem) -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
      throw problem("the stack is empty")
    }
    return value
  }

  private mutating func popToMark() throws(Problem) -> [PickleValue] {
    guard let height = marks.popLast() else { throw problem("no mark is open") }
    defer { stack.removeSubrange(height...) }
    return Array(stack[height...])
  }

  private mutating func remember(_ index: Int) throws(Problem) {
    guard let value = stack.last else { throw problem("the stack is empty") }
    guard memo.count < Self.maximumObjects else { throw problem("too many remembered values") }
    memo[index] = value
  }

  private mutating func recall(_ index: Int) throws(Problem) {
    guard let value = memo[index] else { throw problem("nothing is remembered as \(index)") }
    try push(value)
  }

  private mutating func newSequence(_ items: [PickleValue]) throws(Problem) -> Int {
    guard sequences.count < Self.maximumObjects else { throw problem("too many objects") }
    sequences.append(items)
    return sequences.count - 1
  }

  private mutating func newDictionary() throws(Problem) -> Int {
    guard dictionaries.count < Self.maximumObjects else { throw problem("too many objects") }
    dictionaries.append([])
    return dictionaries.count - 1
  }

  private mutating func pushTuple(_ count: Int) throws(Problem) {
    var items: [PickleValue] = []
    for _ in 0..<count { items.append(try pop()) }
    try push(.tuple(try newSequence(items.reversed())))
  }

  private mutating func extendList(_ items: [PickleValue]) throws(Problem) {
    guard case .list(let index) = stack.last else {
      throw problem("APPEND to \(stack.last?.kind ?? "nothing"), expected a list")
    }
    sequences[index] += items
  }

  private mutating func extendDictionary(_ items: [PickleValue]) throws(Problem) {
    guard case .dictionary(let index) = stack.last, items.count.isMultiple(of: 2) else {
      throw problem("SETITEM on \(stack.last?.kind ?? "nothing"), expected a dictionary and pairs")
    }
    for position in stride(from: 0, to: items.count, by: 2) {
      dictionaries[index].append((items[position], items[position + 1]))
    }
  }

  // MARK: Globals, storages, tensors

  private mutating func pushGlobal(module: String, name: String) throws(Problem) {
    guard let global = PickleGlobal(rawValue: "\(module).\(name)") else {
      throw problem(
        "the global '\(shown("\(module).\(name)"))' is not allowed in a checkpoint; expected only "
          + "collections.OrderedDict, torch._utils._rebuild_tensor_v2 and torch's Float, Half, "
          + "BFloat16 and integer storages")
    }
    try push(.global(global))
  }

  private func sequence(_ value: PickleValue) -> [PickleValue]? {
    switch value {
    case .tuple(let index), .list(let index): sequences[index]
    default: nil
    }
  }

  /// A tensor's sizes or strides, which are few: many tensors may share one long tuple.
  private func integers(_ value: PickleValue) -> [Int]? {
    guard let items = sequence(value), items.count <= CheckpointLimits.rank else { return nil }
    let integers = items.compactMap { if case .integer(let integer) = $0 { integer } else { nil } }
    return integers.count == items.count ? integers : nil
  }

  /// `('storage', class, key, location, element count)`; the location is where the tensor was when
  /// it was saved, and does not matter.
  private func storage(_ identifier: PickleValue) throws(Problem) -> PickleStorage {
    guard let items = sequence(identifier), items.count == 5, items[0] == .string("storage"),
      case .global(let global) = items[1], global.elementBytes != nil,
      case .string(let key) = items[2], case .integer(let count) = items[4], count >= 0
    else { throw problem("expected ('storage', class, key, location, count)") }
    return PickleStorage(global: global, key: key, count: count)
  }

  private mutating func reduce(
    _ callee: PickleValue, _ arguments: PickleValue
  ) throws(Problem) {
    guard let items = sequence(arguments) else { throw problem("REDUCE expects a tuple") }
    switch callee {
    case .global(.orderedDictionary):
      guard items.isEmpty else { throw problem("OrderedDict with arguments is not allowed") }
      try push(.dictionary(try newDictionary()))
    case .global(.rebuildTensor):
      // Behind these four: requires_grad, hooks and, since torch 1.13, metadata.
      guard (6...7).contains(items.count), case .storage(let storage) = items[0],
        case .integer(let offset) = items[1], let size = integers(items[2]),
        let stride = integers(items[3])
      else {
        throw problem(
          "expected (storage, offset, size, stride, …) of a tensor of at most "
            + "\(CheckpointLimits.rank) dimensions")
      }
      guard tensors.count < CheckpointLimits.tensorCount else { throw problem("too many tensors") }
      tensors.append(PickleTensor(storage: storage, offset: offset, size: size, stride: stride))
      try push(.tensor(tensors.count - 1))
    default:
      throw problem("a call of \(callee.kind) is not allowed in a checkpoint")
    }
  }
}
