import Foundation
import JanusRequests

/// A line of a worker's input, as far as it is understood.
enum WorkerLine {
  case empty
  /// What is wrong with it.
  case refused(WorkerRequest.ID?, String)
  case request(WorkerRequest.Task, WorkerRequest)

  init(_ line: BoundedLines.Line) {
    switch line {
    case .tooLong(let count):
      self = .refused(
        nil, "a line of \(count) bytes: expected at most \(WorkerCommand.longestLine)")
    case .bytes(let bytes):
      self =
        bytes.allSatisfy { $0 == 0x20 || $0 == 0x0d || $0 == 0x09 }
        ? .empty : Self.understood(Data(bytes))
    }
  }

  private static func understood(_ data: Data) -> WorkerLine {
    let request: WorkerRequest
    do {
      request = try JSONDecoder().decode(WorkerRequest.self, from: data)
    } catch {
      let id = (try? JSONDecoder().decode(WorkerRequest.Named.self, from: data))?.id
      return .refused(id, Self.description(of: error))
    }
    let name = request.task ?? WorkerRequest.Task.ocr.rawValue
    guard let task = WorkerRequest.Task(rawValue: name) else {
      let known = WorkerRequest.Task.allCases.map(\.rawValue).joined(separator: ", ")
      return .refused(
        request.id,
        "task: expected one of \(known), found '\(TypedText.cleaned(String(name.prefix(80))))'")
    }
    return .request(task, request)
  }

  private static func description(of error: any Error) -> String {
    switch error {
    case let error as WorkerRequest.KeyError: return "\(error)"
    case DecodingError.dataCorrupted:
      return "expected a JSON object on the line, found none that is whole"
    default: return "expected a JSON object on the line, found another value"
    }
  }
}
