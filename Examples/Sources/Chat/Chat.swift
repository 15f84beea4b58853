// Asks about a picture and shows the answer as it comes: Chat MODEL.gguf PICTURE QUESTION
import JanusLite

@main enum Chat {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 4 else { fatalError("usage: Chat MODEL.gguf PICTURE QUESTION") }
    let model = try await Janus.open(path: arguments[1])
    let conversation = try Conversation(model)
    let answer = try await conversation.send(
      arguments[3], pictures: [Picture(contentsOf: arguments[2])],
      settings: GenerationSettings(maxTokens: 128)
    ) { piece in
      print(piece, terminator: "")
    }
    print("\n[\(answer.tokenIDs.count) tokens, \(answer.finishReason)]")
  }
}
