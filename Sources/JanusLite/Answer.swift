import JanusEngine
import JanusModelFile
import JanusSystem
import JanusWords

/// How an answer is generated.
public struct GenerationSettings: Sendable {
  /// 0 or more; 0 takes the most likely token each time.
  public var temperature: Float
  /// Keeps the most likely tokens that together reach this probability, above 0 and up to 1; nil keeps all.
  public var topP: Float?
  /// Keeps this many of the most likely tokens, 1 or more; nil keeps all.
  public var topK: Int?
  /// What chance begins with, at a temperature above 0: the same seed gives the same answer.
  public var seed: UInt64
  /// Tokens that an answer may have, 0 or more; the context may leave fewer.
  public var maxTokens: Int
  /// How many of the most likely tokens to report at each place; 0 reports none.
  public var logprobs: Int
  /// Whether an answer that repeats itself without end is cut.
  public var stopsLoops: Bool
  /// Texts before which the answer ends.
  public var stop: [String]

  /// Numbers out of range are reported as `JanusError.request` by the call that is given them.
  public init(
    temperature: Float = 0, topP: Float? = nil, topK: Int? = nil, seed: UInt64 = 0,
    maxTokens: Int = 512, logprobs: Int = 0, stopsLoops: Bool = true,
    stop: [String] = []
  ) {
    self.temperature = temperature
    self.topP = topP
    self.topK = topK
    self.seed = seed
    self.maxTokens = maxTokens
    self.logprobs = logprobs
    self.stopsLoops = stopsLoops
    self.stop = stop
  }
}

/// What a model answered, and how it went.
public struct Answer: Sendable {
  /// Why an answer ended.
  public enum FinishReason: String, Sendable {
    /// The model ended its answer.
    case stop
    /// The limit of tokens, or of the context, was reached.
    case length
    /// The answer repeated itself and was cut.
    case loop
    /// The caller stopped it.
    case cancelled
  }

  /// The log-probability of a chosen token, and of the most likely ones at its place.
  public struct TokenLogprob: Sendable {
    /// The chosen token.
    public let tokenID: Int
    /// The natural logarithm of its probability, before temperature, top-k and top-p.
    public let logprob: Float
    /// The most likely tokens at its place, as many as were asked for, most likely first.
    public let top: [(tokenID: Int, logprob: Float)]
  }

  /// Seconds by stage, on a monotonic clock; of a formula that took several looks, those of all of them.
  public struct Timings: Sendable {
    /// Running the pictures through the vision tower.
    public internal(set) var imageEncode = 0.0
    /// Taking the prompt in.
    public internal(set) var prefill = 0.0
    /// Generating the answer.
    public internal(set) var decode = 0.0
    /// Positions of the prompt, pictures included.
    public internal(set) var prefillTokens = 0
    /// Tokens that went through the network after the first one was chosen.
    public internal(set) var decodeTokens = 0

    /// 0 where there was no prompt.
    public var prefillTokensPerSecond: Double {
      prefill > 0 ? Double(prefillTokens) / prefill : 0
    }
    /// 0 where nothing was generated.
    public var decodeTokensPerSecond: Double { decode > 0 ? Double(decodeTokens) / decode : 0 }
  }

  /// How sure the model was at one place.
  package struct Certainty: Sendable {
    /// Of the token that was taken.
    package let probability: Double
    /// Of other tokens, most likely first, where the token is doubtful.
    package let alternatives: [(text: String, probability: Double)]
  }

  /// What the model said, without the text of `GenerationSettings.stop` that ended it.
  public internal(set) var text = ""
  /// The generated tokens, without the one that ended the answer.
  public internal(set) var tokenIDs: [Int] = []
  /// Positions that the prompt took in this turn, pictures included.
  public internal(set) var promptTokenCount: Int
  /// Why the answer ended.
  public internal(set) var finishReason = FinishReason.length
  /// Of each token in `tokenIDs`; empty unless `GenerationSettings.logprobs` asked for them.
  public internal(set) var logprobs: [TokenLogprob] = []
  /// How long it took.
  public internal(set) var timings = Timings()
  /// How often the grammar of formulas overruled the model; 0 for other answers.
  public internal(set) var repairs = 0
  /// For a formula, of each token and of the one that ended the answer.
  package internal(set) var certainty: [Certainty] = []

  /// For a formula, the probability of the whole answer.
  package var confidence: Double { certainty.reduce(1) { $0 * $1.probability } }

  /// An answer that is still to come.
  package init(promptTokenCount: Int) { self.promptTokenCount = promptTokenCount }
}
