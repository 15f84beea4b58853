import ArgumentParser
import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// How many positions a request may take, and how keys and values are stored.
struct CacheOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Keys and values as f16 or, in half the memory, as int8 (default: f16, or f32 for a model "
        + "stored in floats).", valueName: "format"))
  var kv: CacheFormat?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Positions to use at most (default: the model's).", valueName: "n"))
  var context: Int?
}

extension CacheFormat: ExpressibleByArgument {}
