import Dispatch
import JanusEngine
import JanusMeasure
import JanusSystem

/// The median time of a call, from at least three calls and as many as fit into `seconds`.
func medianTime(seconds: Double, _ body: () -> Void) -> Double {
  body()  // touches pages, wakes the vector units
  var times: [Double] = []
  let clock = ContinuousClock()
  let begin = clock.now
  while times.count < 3 || begin.duration(to: clock.now) < .seconds(seconds) {
    times.append(clock.measure(body) / .seconds(1))
  }
  return times.sorted()[times.count / 2]
}

/// Runs `body(0..<count)`, each on a thread of its own.
func inParallel(_ count: Int, _ body: @Sendable (Int) -> Void) {
  if count == 1 {
    body(0)
  } else {
    DispatchQueue.concurrentPerform(iterations: count, execute: body)
  }
}
