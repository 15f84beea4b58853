import Foundation

/// What transformers answers for a checkpoint: the contents of an expected.json, whose keys
/// Tools/reference/README.md describes.
struct Expected: Decodable {
  struct Ranking: Decodable {
    let ids: [Int]
    let values: [Double]
  }

  struct Question: Decodable {
    let prompt: String
    let images: [String]
    let promptIds: [Int]
    let tokenIds: [Int]
    let gaps: [Double]
    let top: Ranking
    let fixed: Ranking
  }

  struct Vision: Decodable {
    let image: String
    let pixelsSha256: String
    let mean: Double
    let deviation: Double
    let firstRow: [Float]
    let middleRow: [Float]
    let lastRow: [Float]
  }

  struct Guided: Decodable {
    let step: Int
    let ids: [Int]
    let values: [Double]
  }

  struct Painting: Decodable {
    let prompt: String
    let guidance: Float
    let promptIds: [Int]
    let unconditionalIds: [Int]
    let codes: [Int]
    let gaps: [Double]
    let guided: [Guided]
  }

  struct Decoded: Decodable {
    let codes: [Int]
    let width: Int
    let height: Int
    let picture: String
    let pixelsSha256: String
  }

  let questions: [Question]
  let scripted: [Question]
  let continued: [Question]
  let vision: [Vision]
  let paintings: [Painting]
  let decoded: Decoded

  init(contentsOf url: URL) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    self = try decoder.decode(Expected.self, from: Data(contentsOf: url))
  }
}
