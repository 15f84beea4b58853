import Foundation
import GGUF

@testable import JanusConvert

/// Something on the disk that is there as long as the value.
protocol Located {
  var path: String { get }
}

extension TemporaryFolder: Located {}

/// A file or folder inside of a temporary folder.
struct Place: Located {
  let folder: TemporaryFolder
  let name: String

  var path: String { "\(folder.path)/\(name)" }
}

extension TemporaryFolder {
  subscript(name: String) -> Place { Place(folder: self, name: name) }
}

/// Opens a conversion of what is kept on the disk meanwhile.
func opened(
  _ source: any Located, base: (any Located)? = nil, adapter: (any Located)? = nil
) throws -> Conversion {
  try withExtendedLifetime((source, base, adapter)) {
    try Conversion(
      source: source.path, base: base?.path, adapter: adapter?.path, quantization: .f32,
      threads: 2)
  }
}

/// The tensors of a converted file, to be compared as a whole.
func digests(
  _ source: any Located, base: (any Located)? = nil, adapter: (any Located)? = nil
) throws -> [String] {
  let folder = try TemporaryFolder()
  return try withExtendedLifetime((source, base, adapter, folder)) {
    let output = folder["m.gguf"].path
    _ = try opened(source, base: base, adapter: adapter).write(to: output)
    return try Container(path: output).tensors.map { "\($0.name) \($0.shape) \($0.sha256)" }
  }
}

/// The bytes of a tar of files, in ustar's format.
func tar(_ entries: [(name: String, data: [UInt8])]) -> [UInt8] {
  var file: [UInt8] = []
  for (name, data) in entries {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
    }
    func octal(_ value: Int, _ digits: Int) -> String {
      let text = String(value, radix: 8)
      return String(repeating: "0", count: digits - text.count) + text
    }
    put(name, at: 0)
    put("0000644\u{0}0000000\u{0}0000000\u{0}", at: 100)
    put(octal(data.count, 11), at: 124)
    put(octal(0, 11), at: 136)
    put("        ", at: 148)
    put("0", at: 156)
    put("ustar\u{0}00", at: 257)
    put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", at: 148)
    file += header + data + [UInt8](repeating: 0, count: (512 - data.count % 512) % 512)
  }
  return file + [UInt8](repeating: 0, count: 1024)
}

extension TemporaryFolder {
  /// The folder's files with a prefix before their names.
  func entries(_ prefix: String = "") throws -> [(name: String, data: [UInt8])] {
    try names.map { (prefix + $0, try bytes(of: "\(path)/\($0)")) }
  }

  func remove(_ name: String) throws {
    try FileManager.default.removeItem(atPath: "\(path)/\(name)")
  }

  func move(_ name: String, to target: String) throws {
    let place = URL(fileURLWithPath: "\(path)/\(target)")
    try FileManager.default.createDirectory(
      at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.moveItem(atPath: "\(path)/\(name)", toPath: place.path)
  }

  /// Moves everything into a folder inside.
  func moveAll(into folder: String) throws {
    for name in names { try move(name, to: "\(folder)/\(name)") }
  }
}

extension TestCheckpoint {
  /// The same with other names.
  func renamed(_ name: (String) -> String) -> TestCheckpoint {
    var result = self
    for index in tensors.indices { result.tensors[index].name = name(tensors[index].name) }
    return result
  }
}
