/// The pictures that a worker painted.
package struct WorkerPaintings: Encodable {
  package struct Painting: Encodable {
    package let seed: UInt64
    /// A PNG file.
    package let png: String

    package init(seed: UInt64, png: String) {
      self.seed = seed
      self.png = png
    }

    enum CodingKeys: String, CodingKey {
      case seed
      case png = "b64_json"
    }
  }

  package let images: [Painting]
  package let promptTokenCount: Int
  package let timings: GenerateReport.Timings

  package init(images: [Painting], promptTokenCount: Int, timings: GenerateReport.Timings) {
    self.images = images
    self.promptTokenCount = promptTokenCount
    self.timings = timings
  }

  enum CodingKeys: String, CodingKey {
    case images, timings
    case promptTokenCount = "prompt_token_count"
  }
}
