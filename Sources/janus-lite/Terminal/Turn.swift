import JanusEngine
import JanusImages
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusRequests
import JanusSystem
import JanusWords

/// One prompt and its answer, shown as it comes.
struct Turn {
  private let conversation: Conversation
  private let generation: GenerationOptions
  private var status = StatusLine()

  init(_ conversation: Conversation, _ generation: GenerationOptions) {
    self.conversation = conversation
    self.generation = generation
  }

  /// An answer that Ctrl-C ended stays as far as it came. With `--json` nothing is printed then: an
  /// object is whole or absent.
  mutating func say(_ prompt: String, _ inputs: [PictureInput]) throws -> Answer {
    guard !prompt.allSatisfy(\.isWhitespace) || !inputs.isEmpty else {
      throw Failure(.usage, "the prompt is empty")
    }
    var pictures: [Picture] = []
    for input in inputs { pictures.append(try input.load()) }

    status.show(pictures.isEmpty ? "reading the prompt" : "looking at the picture")
    defer { status.clear() }
    let streams = StandardOutput.isTerminal && !generation.json
    var outputFailure: Failure?
    let stop = StopToken { Interrupt.isRaised }
    let answer = try conversation.send(
      prompt, pictures: pictures, settings: generation.settings, stop: stop
    ) { piece in
      if streams {
        status.clear()
        Interrupt.endsAnswerOnly()
        do throws(Failure) {
          try StandardOutput.write(piece)
        } catch {
          outputFailure = error
          stop.stop()
        }
      }
    }
    if let outputFailure { throw outputFailure }
    status.clear()
    if generation.json {
      if answer.finishReason != .cancelled {
        try JSONLine.print(AnswerLine(answer, images: inputs.map(\.name)))
      }
    } else {
      try StandardOutput.line(streams ? "" : answer.text)
      answer.noteIncompleteness(of: "answer", limit: generation.maxTokens)
      if answer.text.isEmpty, answer.finishReason == .stop {
        StandardError.note("the model answered nothing")
      }
    }
    if generation.verbose { StandardError.note(answer.summary) }
    return answer
  }
}
