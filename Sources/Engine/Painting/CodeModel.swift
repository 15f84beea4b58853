import JanusModelFile
import JanusSystem

// Letters: R rows, D embedding length of the language model, K codes, L values of a code's entry.

/// What the language model needs to paint: a head that gives the logits of the next code, and an
/// aligner that turns the chosen code into the next input.
package struct CodeModel: Sendable {
  let file: WeightFile
  package let geometry: PaintingGeometry
  let embedding: Vector  // [K · L]
  let aligner: [Linear]  // [D, L], then [D, D]
  let head: [Linear]  // [D, D], [K, D]

  /// Logits over the codes, `[R, K]`, of hidden states `[R, D]`.
  func logits(_ hidden: Matrix, into out: Matrix, scratch: (Matrix, Matrix), _ ops: Ops)
    throws(MemoryError)
  {
    try ops.perceptron(head, hidden, scratch: scratch, into: out)
  }

  /// The language model's input rows for `codes`: the aligner over their entries.
  func embed(
    _ codes: [Int], entries: Matrix, into out: Matrix, scratch: (Matrix, Matrix), _ ops: Ops
  ) throws(MemoryError) {
    let length = geometry.codeLength
    for (row, code) in codes.enumerated() {
      entries[row: row].update(from: embedding.base + code * length, count: length)
    }
    try ops.perceptron(aligner, entries, scratch: scratch, into: out)
  }
}
