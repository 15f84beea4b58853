@testable import JanusConvert

extension FuzzTarget {
  /// A safetensors file, and the elements of its tensors.
  static let safetensors = FuzzTarget("safetensors") { input in
    ScratchFile.shared.with(input) { path in
      do throws(ConversionError) {
        readAll(try SafetensorsFile(path: path).tensors)
      } catch {
        checkMessage(error)
      }
    }
  }

  /// Reads tensors that are not larger than an input may be: views can name one element many times.
  static func readAll(_ tensors: [StoredTensor]) {
    for tensor in tensors where tensor.elementCount <= 4096 {
      let numbers = UnsafeMutableBufferPointer<Float>.allocate(capacity: tensor.elementCount)
      defer { numbers.deallocate() }
      do throws(ConversionError) { try tensor.read(into: numbers) } catch { checkMessage(error) }
    }
  }
}
