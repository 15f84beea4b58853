@testable import JanusServe

extension FuzzTarget {
  /// Bodies of requests, by the route that reads them.
  static let requests: [FuzzTarget] = [
    FuzzTarget("chat-body", mostBytes: 2048) { input in
      attempt { () throws(APIError) in
        let fields = try ChatFields(try json(input), limits: RequestLimits())
        precondition(fields.turns.first?.role == .user && fields.turns.last?.role == .user)
        precondition(fields.sampling.maxTokens <= RequestLimits().tokens)
      }
    },
    FuzzTarget("paint-body", mostBytes: 1024) { input in
      attempt { () throws(APIError) in
        let fields = try PaintFields(try json(input))
        precondition((1...RequestLimits.paintings).contains(fields.request.seeds.count))
      }
    },
    FuzzTarget("formula-body", mostBytes: 1024) { input in
      attempt { () throws(APIError) in
        let body = RequestBody(contentType: "application/json", bytes: Array(input))
        let fields = try FormulaFields(body, limits: RequestLimits())
        precondition(!fields.items.isEmpty)
      }
    },
    // The content type stands on the first line.
    FuzzTarget("multipart", mostBytes: 2048) { input in
      let lines = input.split(
        separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
      let type = "multipart/form-data; boundary=" + String(decoding: lines[0], as: UTF8.self)
      let body = RequestBody(
        contentType: type, bytes: lines.count > 1 ? Array(lines[1]) : [])
      attempt { () throws(APIError) in
        let fields = try FormulaFields(body, limits: RequestLimits())
        precondition(!fields.items.isEmpty)
      }
      guard let boundary = Multipart.boundary(of: type) else { return }
      attempt { () throws(APIError) in
        let parts = try Multipart.parse(body.bytes, boundary: boundary)
        precondition(parts.count <= Multipart.mostParts)
        precondition(parts.reduce(0) { $0 + $1.bytes.count } <= body.bytes.count)
      }
    },
    // What was read is the same when it is written and read again.
    FuzzTarget("server-json", seeds: ["Tests/Fixtures/tiny/*.json"], mostBytes: 16384) { input in
      guard let value = try? JSONParser.parse(Array(input)) else { return }
      let written = value.encoded
      guard let again = try? JSONParser.parse(written) else {
        preconditionFailure("what is written cannot be read")
      }
      precondition(again.encoded == written)
    },
    FuzzTarget("base64", mostBytes: 512) { input in
      guard let bytes = Base64.decode(Array(input)) else { return }
      precondition(Base64.decode(Array(Base64.encode(bytes).utf8)) == bytes)
    },
  ]

  private static func json(_ input: UnsafeRawBufferPointer) throws(APIError) -> Fields {
    try RequestBody(contentType: "application/json", bytes: Array(input)).json()
  }

  /// A refusal is a JSON document that says which field was wrong.
  private static func attempt(_ body: () throws(APIError) -> Void) {
    do throws(APIError) {
      try body()
    } catch {
      precondition((400..<500).contains(error.status) && !error.message.isEmpty)
      guard let json = try? JSONParser.parse(error.json.encoded), json == error.json else {
        preconditionFailure("an error is no JSON")
      }
    }
  }
}
