import JanusEngine
import JanusModelFile
import JanusSystem
import JanusWords

/// How an answer is generated.
public struct GenerationSettings: Sendable {
  /// 0 takes the most likely token each time.
  public var temperature: Float
  /// Keeps the most likely tokens that together reach this probability.
  public var topP: Float?
  /// Keeps this many of the most likely tokens.
  public var topK: Int?
  public var seed: UInt64
  public var maxTokens: Int
  /// How many of the most likely tokens to report at each place; 0 reports none.
  public var logprobs: Int
  /// Whether an answer that repeats itself without end is cut.
  public var stopsLoops: Bool
  /// Texts before which the answer ends.
  public var stop: [String]

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
    public let tokenID: Int
    public let logprob: Float
    public let top: [(tokenID: Int, logprob: Float)]
  }

  /// Seconds, on a monotonic clock.
  public struct Timings: Sendable {
    public internal(set) var imageEncode = 0.0
    public internal(set) var prefill = 0.0
    public internal(set) var decode = 0.0
    public internal(set) var prefillTokens = 0
    public internal(set) var decodeTokens = 0

    public var prefillTokensPerSecond: Double {
      prefill > 0 ? Double(prefillTokens) / prefill : 0
    }
    public var decodeTokensPerSecond: Double { decode > 0 ? Double(decodeTokens) / decode : 0 }
  }

  /// How sure the model was at one place.
  package struct Certainty: Sendable {
    /// Of the token that was taken.
    package let probability: Double
    /// Of other tokens, most likely first, where the token is doubtful.
    package let alternatives: [(text: String, probability: Double)]
  }

  public internal(set) var text = ""
  /// The generated tokens, without the one that ended the answer.
  public internal(set) var tokenIDs: [Int] = []
  /// Positions that the prompt took in this turn, pictures included.
  public internal(set) var promptTokenCount: Int
  public internal(set) var finishReason = FinishReason.length
  public internal(set) var logprobs: [TokenLogprob] = []
  public internal(set) var timings = Timings()
  /// How often the grammar of formulas overruled the model; 0 for other answers.
  public internal(set) var repairs = 0
  /// For a formula, of each token and of the one that ended the answer.
  package internal(set) var certainty: [Certainty] = []

  /// An answer that is still to come.
  package init(promptTokenCount: Int) { self.promptTokenCount = promptTokenCount }
}
