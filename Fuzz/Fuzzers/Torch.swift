@testable import JanusConvert

extension FuzzTarget {
  /// A file of torch.save: zip, pickle, and the elements of its views.
  static let torch = FuzzTarget("torch", seeds: ["Tests/Fixtures/torch/*.bin"]) { input in
    ScratchFile.shared.with(input) { path in
      do throws(ConversionError) {
        readAll(try TorchArchive(path: path).tensors)
      } catch {
        checkMessage(error)
      }
    }
  }

  static let zip = FuzzTarget("zip", seeds: ["Tests/Fixtures/torch/*.bin"]) { input in
    ScratchFile.shared.with(input) { path in
      do throws(ConversionError) {
        let directory = try ZipDirectory(file: SourceFile(path: path))
        for entry in directory.entries.values {
          precondition(entry.data.upperBound <= directory.file.count)
        }
      } catch {
        checkMessage(error)
      }
    }
  }

  /// The stack machine alone, with whole programs as input.
  static let pickle = FuzzTarget("pickle") { input in
    do throws(PickleReader.Problem) {
      let document = try PickleReader.read(Array(input))
      for (_, value) in document.dictionary(document.root) ?? [] { _ = document.tensor(value) }
    } catch {
      checkMessage(error)
    }
  }
}
