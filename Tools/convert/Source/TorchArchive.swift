import JanusSystem

/// A file of `torch.save`: a zip of a pickle, which describes the tensors, and of their storages.
///
/// Nothing of the pickle is executed. Tensors are views (storage, offset, size, stride), so that
/// transposed ones and ones that share a storage are read as they are meant.
struct TorchArchive {
  let path: String
  let tensors: [StoredTensor]

  init(path: String) throws(ConversionError) { try self.init(file: SourceFile(path: path)) }

  init(file: SourceFile) throws(ConversionError) {
    let path = file.path
    try Self.refuseOtherFormats(file)
    let zip = try ZipDirectory(file: file)
    func problem(_ text: String) -> ConversionError { .data(file: path, problem: text) }

    // The folder inside is "archive" or the file's first name.
    let pickles = zip.entries.keys.filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
    guard pickles.count == 1, let pickle = pickles.first, let entry = zip.entries[pickle] else {
      throw problem("expected one data.pkl inside the zip, found \(pickles.count)")
    }
    let folder = String(pickle.dropLast("data.pkl".count))
    if zip.entries.keys.contains(where: { $0.hasPrefix(folder + "code/") }) {
      throw problem("a TorchScript archive, expected tensors saved by torch.save")
    }
    if let order = zip.entries[folder + "byteorder"] {
      let text = String(decoding: try file.bytes(order.data.prefix(16)), as: UTF8.self)
      guard text == "little" else {
        throw problem("byte order '\(shown(text))', expected 'little'")
      }
    }
    guard entry.data.count <= CheckpointLimits.pickleBytes else {
      throw problem(
        "data.pkl: expected at most \(CheckpointLimits.pickleBytes) bytes, found "
          + "\(entry.data.count)")
    }
    let bytes = try file.bytes(entry.data)
    let document: PickleReader.Document
    do throws(PickleReader.Problem) {
      document = try PickleReader.read(bytes)
    } catch {
      throw problem("\(error)")
    }
    guard let members = document.dictionary(document.root) else {
      throw problem("expected a dictionary of tensors, found \(document.root.kind)")
    }
    var names: Set<String> = []
    var tensors: [StoredTensor] = []
    for (key, value) in members {
      guard case .string(let name) = key else {
        throw problem("expected names of tensors, found \(key.kind)")
      }
      guard name.utf8.count <= CheckpointLimits.nameBytes else {
        throw problem("tensor '\(shown(name))': the name is too long")
      }
      guard let tensor = document.tensor(value) else {
        throw problem("'\(shown(name))': expected a tensor, found \(value.kind)")
      }
      guard names.insert(name).inserted else {
        throw problem("tensor '\(shown(name))' occurs twice")
      }
      tensors.append(try Self.place(name, tensor, in: zip, folder: folder))
    }
    self.path = path
    self.tensors = tensors
  }

  /// Earlier containers, which are pickles all through, are recognised to say what they are.
  private static func refuseOtherFormats(_ file: SourceFile) throws(ConversionError) {
    let head = try file.bytes(0..<min(file.count, 4))
    if head.starts(with: [0x50, 0x4b]) { return }
    if head.first == 0x80 {
      throw .data(
        file: file.path,
        problem: "the legacy format of torch before 1.6, expected a zip; load it with torch and "
          + "write it anew with torch.save")
    }
    throw .data(
      file: file.path, problem: "expected a zip written by torch.save, \(try file.seeming())")
  }

  /// Finds a tensor's bytes and checks that its farthest element lies inside its storage, and the
  /// storage inside its entry.
  private static func place(
    _ name: String, _ tensor: PickleTensor, in directory: ZipDirectory, folder: String
  ) throws(ConversionError) -> StoredTensor {
    func problem(_ text: String) -> ConversionError {
      .data(file: directory.file.path, problem: "tensor '\(shown(name))': \(text)")
    }
    let storage = tensor.storage
    guard let elementBytes = storage.global.elementBytes else { throw problem("not a storage") }
    guard let entry = directory.entries[folder + "data/" + storage.key] else {
      throw problem("its storage '\(shown(storage.key))' is missing from the zip")
    }
    guard let storageBytes = checkedProduct([storage.count, elementBytes]),
      storageBytes == entry.data.count
    else {
      throw problem(
        "storage '\(shown(storage.key))': expected \(storage.count) elements of "
          + "\(elementBytes) bytes, found \(entry.data.count) bytes")
    }
    guard tensor.size.count <= CheckpointLimits.rank, tensor.size.count == tensor.stride.count,
      tensor.size.allSatisfy({ $0 >= 0 }), tensor.stride.allSatisfy({ $0 >= 0 }),
      tensor.offset >= 0
    else {
      throw problem(
        "size \(shown(tensor.size)), stride \(shown(tensor.stride)), offset \(tensor.offset) are "
          + "not those of a tensor")
    }
    guard let elements = checkedProduct(tensor.size.map { max($0, 1) }),
      checkedProduct([elements, MemoryLayout<Float>.size]) != nil
    else { throw problem("the size \(shown(tensor.size)) is too large") }
    var farthest: Int? = tensor.offset
    for (size, stride) in zip(tensor.size, tensor.stride) where size > 1 {
      let reach = checkedProduct([size - 1, stride])
      farthest = farthest.flatMap { first in reach.flatMap { checkedSum(first, $0) } }
    }
    guard tensor.size.contains(0) || (farthest ?? .max) < storage.count else {
      throw problem(
        "size \(shown(tensor.size)), stride \(shown(tensor.stride)) from element "
          + "\(tensor.offset) reach outside its storage of \(storage.count) elements")
    }
    return StoredTensor(
      name: name, dtype: storage.global.rawValue, element: storage.global.element,
      shape: tensor.size,
      strides: tensor.stride, file: directory.file,
      byteOffset: entry.data.lowerBound
        + (tensor.size.contains(0) ? 0 : tensor.offset * elementBytes))
  }
}
