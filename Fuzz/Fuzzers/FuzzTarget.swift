/// A parser to be fed with bytes from outside. Whatever they are, it must return or throw: a trap, a hang, a leak or an
/// access out of bounds is a finding.
struct FuzzTarget: Sendable {
  /// As on the command line; also the name of its folder of stored inputs and of its dictionary.
  let name: String
  /// Files of the project that begin the corpus, beside the stored inputs: paths from its root, a last part with `*`.
  let seeds: [String]
  /// Of an input.
  let mostBytes: Int
  let run: @Sendable (UnsafeRawBufferPointer) -> Void

  init(
    _ name: String, seeds: [String] = [], mostBytes: Int = 4096,
    run: @escaping @Sendable (UnsafeRawBufferPointer) -> Void
  ) {
    self.name = name
    self.seeds = seeds
    self.mostBytes = mostBytes
    self.run = run
  }

  /// Each has its file; a new one is added here.
  static let all: [FuzzTarget] = groups.flatMap(\.self)

  private static let groups: [[FuzzTarget]] = [
    pictures, [.orientation, .formulaPage],
    [.gguf, .safetensors, .torch, .zip, .pickle, .json],
    [.pattern, .preTokenizer, .addedTokens],
    [.latex, .latexPrefix, .answer],
    requests, hubs, [.worker],
  ]
}
