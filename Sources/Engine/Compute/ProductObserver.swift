/// Somebody who wants to know what weights are multiplied by.
package protocol ProductObserver: AnyObject {
  /// Called before a product, on the thread that runs the pass.
  ///
  /// - Parameters:
  ///   - inputs: `[T, K]`, valid during the call.
  ///   - weights: where the weights that share these inputs lie in the model file's memory.
  func willMultiply(_ inputs: Matrix, by weights: [UnsafeRawPointer])
}

extension Ops {
  /// Tells the observer of a product, if there is one.
  func observe(_ x: Matrix, _ a: Weight, _ b: Weight?, _ c: Weight?) {
    guard let observer else { return }
    observer.willMultiply(x, by: [a, b, c].compactMap { $0?.bytes })
  }
}
