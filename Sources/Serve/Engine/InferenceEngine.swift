import JanusImages

/// What the server needs of a model: it reads, answers and paints.
///
/// A request comes in two steps. `prepare` checks it and says what it takes, so that a wrong one is
/// refused before it waits; `events` runs it. A stream that is dropped or whose task is cancelled stops
/// the request within a step.
package protocol InferenceEngine: Sendable {
  var card: ModelCard { get }

  /// A picture as the model sees it.
  ///
  /// - Parameter decode: gives the picture, which may be large: it is called when it is this picture's turn, and what it
  ///   gives is not held for longer than it is looked at. Errors that it throws are thrown as they are.
  func show(
    asFormula: Bool, _ decode: @escaping @Sendable () throws -> Picture
  ) async throws -> ShownPicture

  func prepare(_ request: ChatRequest) async throws(EngineError) -> PreparedRequest<ChatEvent>
  func prepare(_ request: FormulaRequest) async throws(EngineError) -> PreparedRequest<FormulaEvent>
  func prepare(_ request: PaintRequest) async throws(EngineError) -> PreparedRequest<PaintEvent>

  /// LaTeX in the other forms; needs no model.
  func render(latex: String) async -> RenderedFormula

  /// Bytes that the process has, and bytes that it could still take; nil where the system does not say.
  var memory: (resident: Int, available: Int?) { get }
}

/// What a model is and can do.
package struct ModelCard: Sendable {
  /// The name that requests give, most often the file's without its ending.
  package var id: String
  /// Seconds since 1970.
  package var created: Int
  /// Positions of a request, its answer among them.
  package var contextLength: Int
  /// Side of a painted picture in pixels; nil for a model that does not paint.
  package var paintedSize: Int?
  /// Lines of codes of a painted picture; each line has as many codes as there are lines.
  package var paintedLines: Int
  /// What the model is good for, in a few words for people.
  package var summary: String

  package init(
    id: String, created: Int, contextLength: Int, paintedSize: Int?, paintedLines: Int,
    summary: String = ""
  ) {
    self.id = id
    self.created = created
    self.contextLength = contextLength
    self.paintedSize = paintedSize
    self.paintedLines = paintedLines
    self.summary = summary
  }
}

/// A picture as the model sees it: little, however large the file was, so that many can wait.
package struct ShownPicture: Sendable {
  /// What the engine made of it, for the engine alone.
  package var content: any Sendable

  package init(content: any Sendable) { self.content = content }
}

/// A request that was checked and can run.
package struct PreparedRequest<Event: Sendable>: Sendable {
  /// Sets its memory aside until nobody holds what it returns; nil where it does not fit now.
  package var reserve: @Sendable () -> (any Sendable)?
  /// Answers or pictures that it computes side by side.
  package var rows: Int
  /// Positions of its prompt, those of pictures included.
  package var promptTokens: Int
  package var imageTokens: Int
  /// Starts the request. To be called once.
  package var events: @Sendable () -> AsyncThrowingStream<Event, any Error>

  package init(
    reserve: @escaping @Sendable () -> (any Sendable)? = { true }, rows: Int = 1, promptTokens: Int,
    imageTokens: Int = 0,
    events: @escaping @Sendable () -> AsyncThrowingStream<Event, any Error>
  ) {
    self.reserve = reserve
    self.rows = rows
    self.promptTokens = promptTokens
    self.imageTokens = imageTokens
    self.events = events
  }
}

/// How tokens are chosen.
package struct SamplingRequest: Sendable, Equatable {
  package var maxTokens: Int
  package var temperature: Float
  package var topP: Float?
  package var topK: Int?
  package var seed: UInt64
  /// How many of the most likely tokens to report at each place; nil reports nothing of a token.
  package var topLogprobs: Int?

  package init(
    maxTokens: Int, temperature: Float = 0, topP: Float? = nil, topK: Int? = nil, seed: UInt64 = 0,
    topLogprobs: Int? = nil
  ) {
    self.maxTokens = maxTokens
    self.temperature = temperature
    self.topP = topP
    self.topK = topK
    self.seed = seed
    self.topLogprobs = topLogprobs
  }
}

/// A conversation that wants an answer.
package struct ChatRequest: Sendable {
  package struct Turn: Sendable {
    package enum Role: Sendable { case user, assistant }

    package var role: Role
    package var text: String
    /// They stand before the text.
    package var pictures: [ShownPicture]

    package init(_ role: Role, _ text: String, pictures: [ShownPicture] = []) {
      self.role = role
      self.text = text
      self.pictures = pictures
    }
  }

  /// Nil takes the model's own words, "" nothing.
  package var system: String?
  /// The user's and the assistant's in turns; the first and the last are the user's.
  package var turns: [Turn]
  package var sampling: SamplingRequest
  /// Texts before which an answer ends.
  package var stops: [String]
  /// Answers wanted; each draws with its own seed, the first with the request's, the next with one more.
  package var choices: Int

  package init(
    system: String? = nil, turns: [Turn], sampling: SamplingRequest, stops: [String] = [],
    choices: Int = 1
  ) {
    self.system = system
    self.turns = turns
    self.sampling = sampling
    self.stops = stops
    self.choices = choices
  }
}

/// One token of an answer.
package struct AnswerToken: Sendable, Equatable {
  package struct Likely: Sendable, Equatable {
    package var bytes: [UInt8]
    package var logprob: Float

    package init(bytes: [UInt8], logprob: Float) {
      self.bytes = bytes
      self.logprob = logprob
    }
  }

  /// The text that has become complete with it, often empty.
  package var text: String
  package var chosen: Likely
  /// The most likely tokens at its place, if asked for.
  package var top: [Likely]
  /// Whether this is no token, but text that was held back until the answer's end.
  package var isRest: Bool
  /// When it was chosen. It may be told later.
  package let time = ContinuousClock.now

  package static func == (a: AnswerToken, b: AnswerToken) -> Bool {
    (a.text, a.chosen, a.top, a.isRest) == (b.text, b.chosen, b.top, b.isRest)
  }

  package init(text: String, chosen: Likely, top: [Likely] = [], isRest: Bool = false) {
    self.text = text
    self.chosen = chosen
    self.top = top
    self.isRest = isRest
  }
}

package enum EndReason: String, Sendable {
  case stop
  case length
  /// The answer repeated itself and was cut.
  case loop
}

package enum ChatEvent: Sendable {
  /// So many positions of the prompt are taken in; `cached` of them were there before.
  case prompt(done: Int, cached: Int)
  case token(choice: Int, AnswerToken)
  case end(choice: Int, EndReason)
}

/// A picture of a formula.
package struct FormulaRequest: Sendable {
  package var picture: ShownPicture
  package var sampling: SamplingRequest

  package init(picture: ShownPicture, sampling: SamplingRequest) {
    self.picture = picture
    self.sampling = sampling
  }
}

package enum FormulaEvent: Sendable {
  case prompt(done: Int, cached: Int)
  /// A piece of the raw answer, which the result may say otherwise.
  case token(AnswerToken)
  case end(ReadFormula)
}

/// What was read in a picture.
package struct ReadFormula: Sendable {
  /// The members of what `janus-lite ocr --json` writes that say something of the formula.
  package var members: JSONObject

  package init(members: JSONObject) { self.members = members }
}

/// A formula in every form that is written.
package struct RenderedFormula: Sendable, Equatable {
  package var latex: String
  /// A `math` element; nil where the LaTeX is not understood.
  package var mathML: String?
  package var typst: String?
  package var isValid: Bool
  /// Why the LaTeX is not understood.
  package var problem: String?

  package init(
    latex: String, mathML: String?, typst: String?, isValid: Bool, problem: String? = nil
  ) {
    self.latex = latex
    self.mathML = mathML
    self.typst = typst
    self.isValid = isValid
    self.problem = problem
  }
}

/// Pictures to paint.
package struct PaintRequest: Sendable {
  package var prompt: String
  /// One picture for each.
  package var seeds: [UInt64]
  package var guidance: Float
  package var temperature: Float
  package var topK: Int?
  package var topP: Float?
  /// Unfinished pictures to show of each, at most.
  package var partials: Int

  package init(
    prompt: String, seeds: [UInt64], guidance: Float = 5, temperature: Float = 1,
    topK: Int? = nil, topP: Float? = nil, partials: Int = 0
  ) {
    self.prompt = prompt
    self.seeds = seeds
    self.guidance = guidance
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.partials = partials
  }
}

package enum PaintEvent: Sendable {
  /// So many of a picture's codes are chosen, of all pictures alike.
  case progress(codes: Int, of: Int)
  /// What is known of a picture; what is missing is grey.
  case partial(index: Int, number: Int, Picture)
  case picture(index: Int, Painted)
}

/// A finished picture, and what its file says of its making.
package struct Painted: Sendable {
  package var picture: Picture
  package var text: [(key: String, value: String)]

  package init(picture: Picture, text: [(key: String, value: String)]) {
    self.picture = picture
    self.text = text
  }
}

/// Why an engine does not do what it was asked, in words for whoever asked.
package struct EngineError: Error, Equatable {
  package enum Kind: Sendable {
    /// The request is wrong: 400.
    case request
    /// The prompt does not fit the context: 400.
    case context
    /// The model lacks what is asked for: 400.
    case unsupported
    /// There is too little memory, now or ever: 503.
    case memory
    /// The engine is stopping: 503.
    case stopping
    /// The engine failed: 500, and the message goes to the log alone.
    case failure
  }

  package var kind: Kind
  package var message: String
  /// The field of the request that is to blame.
  package var param: String?

  package init(_ kind: Kind, _ message: String, param: String? = nil) {
    self.kind = kind
    self.message = message
    self.param = param
  }
}
