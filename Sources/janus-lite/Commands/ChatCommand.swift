import ArgumentParser
import JanusEngine
import JanusImages
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusRequests
import JanusSystem
import JanusWords

/// `janus-lite chat`: one answer, or a conversation.
struct ChatCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat",
    abstract: "Answer a prompt, with or without pictures, or hold a conversation.",
    discussion: """
      With a prompt, or one piped to standard input, prints the answer and ends. Without, on a \
      terminal, holds a conversation that remembers what was said; /help lists its commands.

      With --json an answer is an object on one line: images (an array of names), \
      text, token_ids, prompt_token_count, finish_reason ("stop", "length" or "loop"), logprobs, \
      timings.
      """)

  @Argument(
    help: "What to say; - reads it from standard input.", transform: ArgumentText.checked)
  var prompt: String?

  @Option(
    name: .customLong("image"),
    help: ArgumentHelp(
      "Picture to show before the prompt; - for standard input. May be repeated.",
      valueName: "file"),
    completion: .file(extensions: PictureInput.completions.filter { $0.lowercased() != "pdf" }),
    transform: FileName.path)
  var images: [String] = []

  @Option(
    help: ArgumentHelp(
      "System prompt in place of the model's own; empty for none.", valueName: "text"),
    transform: ArgumentText.checked)
  var system: String?

  @Flag(help: "Print the memory that the answer will take, and end.")
  var dryRun = false

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Memory") var cache: CacheOptions
  @OptionGroup(title: "Answer") var generation: GenerationOptions

  func validate() throws {
    let readers =
      images.count { $0 == PictureInput.standardInput } + (prompt == "-" ? 1 : 0)
    guard generation.logprobs == 0 || generation.json else {
      throw ValidationError("--logprobs needs --json")
    }
    if readers > 1 { throw ValidationError("standard input can be read once only") }
    if let prompt, DroppedFiles.pictures(in: prompt) != nil {
      throw ValidationError(
        "expected what to say, found the name of a picture: --image \(prompt) shows it")
    }
  }

  func run() throws {
    // Taking in a prompt with pictures takes long, and an interrupted one leaves nothing to keep.
    // So Ctrl-C ends the process.
    Interrupt.listen(endingProcess: true)
    let janus = try model.open(cacheFormat: cache.kv)
    let open = { (system: String?) in
      try Conversation(janus, system: system, context: cache.context)
    }
    let prompt = try promptText()
    if model.isDefault, images.isEmpty || !DefaultModel.isAboutFormula(prompt) {
      DefaultModel.noteScopeOfChat()
    }
    let inputs = images.map(PictureInput.init)
    if dryRun {
      guard let prompt else {
        throw Failure(.usage, "--dry-run needs a prompt")
      }
      var pictures: [Picture] = []
      for input in inputs { pictures.append(try input.load()) }
      let need = try open(system).memoryNeed(
        prompt, pictures: pictures, settings: generation.settings)
      try MemoryStatement(need, request: "chat").print(json: generation.json)
    } else if let prompt {
      var turn = Turn(try open(system), generation)
      if try turn.say(prompt, inputs).finishReason == .cancelled { throw Failure.interrupted }
    } else {
      Interrupt.endsAnswerOnly()
      var dialogue = try Dialogue(
        system: system, generation, pictures: inputs, isDefaultModel: model.isDefault,
        conversation: open)
      try dialogue.hold()
    }
  }

  /// `nil` where a conversation is wanted.
  private func promptText() throws(Failure) -> String? {
    if let prompt, prompt != "-" { return prompt }
    let usesInput = images.contains(PictureInput.standardInput)
    if prompt == nil, StandardInput.isTerminal, !usesInput { return nil }
    guard !usesInput else {
      throw Failure(.usage, "the picture comes from standard input, so give the prompt as argument")
    }
    return try StandardInput.readText()
  }
}
