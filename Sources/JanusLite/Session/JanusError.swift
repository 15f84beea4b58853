import GGUF
import JanusImages
import SIMDKernels

/// Why the library could not do what it was asked.
public enum JanusError: Error, CustomStringConvertible {
  /// The model file is damaged, of another kind, or cannot be read.
  case container(ContainerError)
  /// The forced instruction set is unknown or not of this processor.
  case instructionSet(InstructionSetError)
  /// A number of the model file that no model can have, or that contradicts another.
  case geometry(file: String, key: String, expected: String, found: String)
  /// A tensor whose format or shape does not fit its place.
  case tensor(file: String, name: String, expected: String, found: String)
  /// The tokenizer's tables in the model file do not fit together.
  case tokenizer(file: String, TokenizerError)
  /// The model file was converted without what painting needs.
  case noPaintingParts(file: String)
  /// A prompt that cannot be formatted, such as one with placeholders for other than its pictures.
  case prompt(TokenizerError)
  /// A picture without writing, for a model that reads nothing else; `index` counts the turn's pictures from 0.
  case blankPicture(index: Int, BlankPicture)
  /// A request that the caller must change: `what` was wrong, `expected` would be right.
  case request(what: String, expected: String, found: String)
  /// The prompt and the answer to come need more positions than there are.
  case context(needed: Int, available: Int)
  /// The prompt and the codes of a picture need more positions than there are.
  case paintingContext(prompt: Int, picture: Int, available: Int)
  /// The request would need more memory than there is, in bytes.
  case memory(needed: Int, available: Int)
  /// The model file is to be in memory as a whole, for which there is too little, in bytes.
  case fileMemory(file: String, size: Int, available: Int)
  /// The network computed something that is not a number, which damaged weights do.
  case notANumber(where: String)

  public var description: String {
    switch self {
    case .container(let error): return error.description
    case .instructionSet(let error): return error.description
    case .geometry(let file, let key, let expected, let found):
      return "'\(file)': \(key): expected \(expected), found \(found)"
    case .tensor(let file, let name, let expected, let found):
      return "'\(file)': tensor '\(name)': expected \(expected), found \(found)"
    case .tokenizer(let file, let error): return "'\(file)': tokenizer: \(error)"
    case .noPaintingParts(let file):
      return
        "'\(file)': expected a model with its painting parts, found one without; convert the "
        + "checkpoint again without --without-painting"
    case .prompt(let error): return error.description
    case .blankPicture(let index, let error): return "picture \(index + 1): \(error)"
    case .request(let what, let expected, let found):
      return "\(what): expected \(expected), found \(found)"
    case .context(let needed, let available):
      return
        "the prompt needs \(needed) positions, but the context has \(available): shorten the "
        + "prompt, use fewer pictures, or start a new conversation"
    case .paintingContext(let prompt, let picture, let available):
      return
        "the prompt needs \(prompt) positions and a picture \(picture), but the context has "
        + "\(available): shorten the prompt or allow more (--context)"
    case .memory(let needed, let available):
      return
        "the request needs \(needed / 1_000_000) MB of memory beside the model file's pages, but "
        + "\(available / 1_000_000) MB are available: use an int8 cache (--kv int8), a shorter "
        + "answer or context (--max-tokens, --context), or fewer pictures at once (--batch)"
    case .fileMemory(let file, let size, let available):
      return
        "'\(file)': its \(size / 1_000_000) MB are to be kept in memory, but "
        + "\(available / 1_000_000) MB are available: map it (without --no-mmap and --mlock)"
    case .notANumber(let place):
      return "\(place): the model computed a value that is not a number; its file may be damaged "
        + "('janus-lite info --verify' checks it)"
    }
  }
}
