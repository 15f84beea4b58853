/// One line of a worker's input.
package struct WorkerRequest: Decodable, Sendable {
  /// What a line is called, given back with its answer: a text or a number.
  package enum ID: Codable, Sendable, Equatable {
    case text(String)
    case integer(Int)
    case number(Double)

    package init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let value = try? container.decode(Int.self) {
        self = .integer(value)
      } else if let value = try? container.decode(Double.self) {
        self = .number(value)
      } else {
        self = .text(try container.decode(String.self))
      }
    }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .text(let value): try container.encode(value)
      case .integer(let value): try container.encode(value)
      case .number(let value): try container.encode(value)
      }
    }
  }

  package enum Task: String, Sendable, CaseIterable {
    case ocr, chat, generate
  }

  package let id: ID?
  /// The name of a task; `ocr` unless said.
  package let task: String?
  /// A picture's file, or its bytes as a data URL.
  package let image: String?
  package let images: [String]?
  package let prompt: String?
  package let system: String?
  package let negative: String?
  package let maxTokens: Int?
  package let temperature: Float?
  package let topP: Float?
  package let topK: Int?
  package let seed: UInt64?
  package let stop: [String]?
  package let n: Int?
  package let cfg: Float?

  enum CodingKeys: String, CodingKey {
    case id, task, image, images, prompt, system, negative, temperature, seed, stop, n, cfg
    case maxTokens = "max_tokens"
    case topP = "top_p"
    case topK = "top_k"
  }

  /// The id alone, for a line whose other keys are wrong.
  package struct Named: Decodable {
    package let id: ID?
  }

  package var pictures: [String] { (image.map { [$0] } ?? []) + (images ?? []) }
}

/// One line of a worker's output: the keys of a body, and the id of its line.
package struct WorkerAnswer<Body: Encodable>: Encodable {
  package let id: WorkerRequest.ID?
  package let body: Body

  package init(id: WorkerRequest.ID?, _ body: Body) {
    self.id = id
    self.body = body
  }

  enum CodingKeys: String, CodingKey {
    case id
  }

  package func encode(to encoder: any Encoder) throws {
    try body.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    // Written as null where there is none, so that every answer has the key.
    try container.encode(id, forKey: .id)
  }
}

/// What stands for an answer that could not be given.
package struct WorkerProblem: Encodable {
  package struct Content: Encodable {
    package let type: String
    package let message: String
  }

  package let error: Content

  /// - Parameter type: `invalid_request`, `picture`, `memory`, or `internal`.
  package init(type: String, message: String) {
    error = Content(type: type, message: message)
  }
}
