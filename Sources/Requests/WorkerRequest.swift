import Foundation

/// One line of a worker's input.
package struct WorkerRequest: Decodable, Sendable {
  /// What a line is called, given back with its answer: a text or a number.
  package enum ID: Codable, Sendable, Equatable {
    case text(String)
    /// Of at most 37 digits, so that long numbers of databases come back as they were.
    case number(Decimal)

    package init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let value = try? container.decode(String.self) {
        self = .text(value)
      } else {
        let value = try container.decode(Decimal.self)
        // Of more digits it has lost the last ones.
        guard "\(value.significand)".count < 38 else {
          throw DecodingError.dataCorruptedError(in: container, debugDescription: "too many digits")
        }
        self = .number(value)
      }
    }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .text(let value): try container.encode(value)
      case .number(let value): try container.encode(value)
      }
    }
  }

  /// Why a key of a line cannot be used.
  package struct KeyError: Error, Equatable, CustomStringConvertible {
    package let key: String
    package let expected: String
    package let found: String

    package var description: String { "\(key): expected \(expected), found \(found)" }
  }

  package enum Task: String, Sendable, CaseIterable {
    case ocr, chat, generate
  }

  /// The largest `n`.
  package static let mostPaintings = 16

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

  package init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    /// The value of a key; nil where it is missing or null.
    func value<Value: Decodable>(
      _ key: CodingKeys, _ expected: String, as type: Value.Type = Value.self
    ) throws -> Value? {
      do {
        return try keys.decodeIfPresent(type, forKey: key)
      } catch {
        let kind = try? keys.decode(Kind.self, forKey: key)
        throw KeyError(
          key: key.stringValue, expected: expected,
          found: kind?.name ?? "one that is broken or out of range")
      }
    }
    let real = "a number of at most 3.4e38"
    let positive = "an integer from 1"
    id = try value(.id, "a string, or a number of at most 37 digits")
    task = try value(.task, "a string")
    image = try value(.image, "a string")
    images = try value(.images, "an array of strings")
    prompt = try value(.prompt, "a string")
    system = try value(.system, "a string")
    negative = try value(.negative, "a string")
    maxTokens = try value(.maxTokens, positive)
    temperature = try value(.temperature, real)
    topP = try value(.topP, real)
    topK = try value(.topK, positive)
    seed = try value(.seed, "an integer from 0 to \(UInt64.max)")
    stop = try value(.stop, "an array of strings")
    n = try value(.n, "an integer from 1 to \(Self.mostPaintings)")
    cfg = try value(.cfg, real)
  }

  /// What people call a value's type.
  private struct Kind: Decodable {
    let name: String

    init(from decoder: any Decoder) throws {
      if var items = try? decoder.unkeyedContainer() {
        while !items.isAtEnd {
          guard (try? items.decode(String.self)) != nil else {
            name = "an array with a value of another type"
            return
          }
        }
        name = "an array of strings"
        return
      }
      if (try? decoder.container(keyedBy: CodingKeys.self)) != nil {
        name = "an object"
        return
      }
      let value = try decoder.singleValueContainer()
      if (try? value.decode(Bool.self)) != nil {
        name = "a boolean"
      } else if (try? value.decode(String.self)) != nil {
        name = "a string"
      } else {
        name = "the number \(try value.decode(Double.self))"
      }
    }
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
