import Foundation

@testable import JanusRequests

extension FuzzTarget {
  /// A line of a worker's input; its id is given back as it came.
  static let worker = FuzzTarget("worker", mostBytes: 2048) { input in
    let data = Data(input)
    let id: WorkerRequest.ID?
    if let request = try? JSONDecoder().decode(WorkerRequest.self, from: data) {
      _ = (request.pictures, request.task.flatMap(WorkerRequest.Task.init(rawValue:)))
      id = request.id
    } else {
      id = (try? JSONDecoder().decode(WorkerRequest.Named.self, from: data))?.id
    }
    let answer = WorkerAnswer(id: id, WorkerProblem(type: "internal", message: "none"))
    guard let text = try? JSONEncoder().encode(answer),
      let again = try? JSONDecoder().decode(WorkerRequest.Named.self, from: text)
    else { preconditionFailure("an answer cannot be written") }
    precondition(again.id == id, "another id came back")
    precondition(!text.contains(UInt8(ascii: "\n")), "an answer is one line")
  }
}
