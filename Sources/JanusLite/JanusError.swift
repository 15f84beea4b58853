import Foundation
import GGUF
import JanusImages
import JanusModelFile
import JanusSystem
import SIMDKernels

/// Why the library could not do what it was asked to do.
public enum JanusError: Error, CustomStringConvertible {
  /// The model file is damaged, of another kind, or cannot be read.
  case modelFile(ModelFileError)
  /// The forced instruction set is unknown, or this processor lacks it.
  case instructionSet(InstructionSetError)
  /// The tokenizer's tables in the model file do not fit together.
  case tokenizer(file: String, problem: String)
  /// The model file was converted without the parts that paint.
  case noPaintingParts(file: String)
  /// A prompt that cannot be formatted, such as one with placeholders for other than its pictures.
  case prompt(problem: String)
  /// A picture without writing; `index` counts the pictures of the request from 0.
  case blankPicture(index: Int, BlankPicture)
  /// A request that the caller must change: `what` was wrong, `expected` would be right.
  case request(what: String, expected: String, found: String)
  /// The prompt and the answer to come need more positions than there are.
  case context(needed: Int, available: Int)
  /// The prompt and the codes of a picture need more positions than there are.
  case paintingContext(prompt: Int, picture: Int, available: Int)
  /// The request would need more memory than there is, in bytes; `available` is 0 where the system does not say.
  case memory(needed: Int, available: Int)
  /// The model file is to be in memory as a whole, for which there is too little, in bytes.
  case fileMemory(file: String, size: Int, available: Int)
  /// The network computed NaN, which damaged weights do.
  case nan(where: String)

  public var description: String {
    switch self {
    case .modelFile(let error): return error.description
    case .instructionSet(let error): return error.description
    case .tokenizer(let file, let problem): return "'\(file)': tokenizer: \(problem)"
    case .noPaintingParts(let file):
      return "'\(file)': expected a model with its painting parts, found one without"
    case .prompt(let problem): return problem
    case .blankPicture(let index, let error): return "picture \(index + 1): \(error)"
    case .request(let what, let expected, let found):
      return "\(what): expected \(expected), found \(found)"
    case .context(let needed, let available):
      return "the prompt needs \(needed) positions, but the context has \(available)"
    case .paintingContext(let prompt, let picture, let available):
      return
        "the prompt needs \(prompt) positions and a picture \(picture), but the context has "
        + "\(available)"
    case .memory(let needed, let available):
      return
        "the request needs \((needed + 999_999) / 1_000_000) MB of memory beside the model file's pages, but "
        + "\(available / 1_000_000) MB are available"
    case .fileMemory(let file, let size, let available):
      return
        "'\(file)': its \(size / 1_000_000) MB are to be kept in memory, but "
        + "\(available / 1_000_000) MB are available"
    case .nan(let place):
      return "\(place): the model computed NaN; its file may be damaged"
    }
  }
}

extension JanusError {
  /// Runs what may fail for want of memory in the middle of its work.
  package static func carrying<Result>(
    _ body: () throws(MemoryError) -> Result
  ) throws(JanusError) -> Result {
    do throws(MemoryError) {
      return try body()
    } catch {
      // What the system says may be more than what it gives.
      let available = min(AvailableMemory.bytes ?? 0, error.byteCount)
      throw .memory(needed: error.byteCount, available: max(0, available))
    }
  }
}

// MARK: Names for those who import the library alone

/// A failed operation on a file, with the system's reason.
public typealias FileError = JanusSystem.FileError
/// Why a file is no model that can be computed with.
public typealias ModelFileError = JanusModelFile.ModelFileError
/// Why a file is not a container that this version reads.
public typealias ContainerError = GGUF.ContainerError
/// Why a requested instruction set cannot run.
public typealias InstructionSetError = SIMDKernels.InstructionSetError
/// A picture in which there is no writing to read.
public typealias BlankPicture = JanusImages.BlankPicture

// MARK: `description`, for those who ask for `localizedDescription`

extension JanusError: LocalizedError {
  /// `description`.
  public var errorDescription: String? { description }
}

extension FileError: LocalizedError {
  /// `description`.
  public var errorDescription: String? { description }
}

extension ModelFileError: LocalizedError {
  /// `description`.
  public var errorDescription: String? { description }
}

extension ContainerError: LocalizedError {
  /// `description`.
  public var errorDescription: String? { description }
}

extension InstructionSetError: LocalizedError {
  /// `description`.
  public var errorDescription: String? { description }
}

extension BlankPicture: LocalizedError {
  /// `description`.
  public var errorDescription: String? { description }
}
