@testable import GGUF

extension FuzzTarget {
  /// A model file's header, and every accessor with every key.
  static let gguf = FuzzTarget("gguf") { input in
    ScratchFile.shared.with(input) { path in
      do throws(ContainerError) {
        let container = try Container(path: path)
        for key in container.metadata.keys { read(container.metadata, key) }
        for tensor in container.tensors {
          precondition(container[tensor.name]?.range == tensor.range)
          _ = container.bytes(of: tensor).reduce(0, ^)
        }
      } catch {
        checkMessage(error)
      }
    }
  }

  private static func read(_ metadata: Metadata, _ key: String) {
    func attempt(_ body: () throws(ContainerError) -> Void) {
      do throws(ContainerError) { try body() } catch { checkMessage(error) }
    }
    _ = metadata.typeDescription(key)
    attempt { () throws(ContainerError) in _ = try metadata.integer(key) }
    attempt { () throws(ContainerError) in _ = try metadata.float(key) }
    attempt { () throws(ContainerError) in _ = try metadata.bool(key) }
    attempt { () throws(ContainerError) in _ = try metadata.string(key) }
    attempt { () throws(ContainerError) in _ = try metadata.strings(key).strings() }
    attempt { () throws(ContainerError) in _ = try metadata.integers(key) }
    attempt { () throws(ContainerError) in _ = try metadata.floats(key) }
  }
}
