import Foundation
import JanusEngine
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

extension ModelReport {
  /// The report as lines for people.
  var table: String {
    var lines =
      [
        row("file", "\(path) (\(Format.bytes(bytes)), format version \(formatVersion))"),
        row("name", name),
      ] + (description.map { [row("about", $0)] } ?? []) + [
        row("converter", converter),
        row("recipe", recipe + (hasPainting ? ", with painting" : ", without painting")),
        row("language", language),
        row("vision", vision),
        row(
          "tokenizer",
          "\(tokenizer.model) (\(tokenizer.preTokenizer)), \(tokenizer.tokens) tokens, "
            + "\(tokenizer.merges) merges, begin \(tokenizer.bos), end \(tokenizer.eos)"),
        row("checksums", checksumState),
        "",
        heading("part"),
      ]
    lines += parts.map(line)
    lines += ["", heading("format")]
    lines += formats.map(line)
    return lines.map { $0 + "\n" }.joined()
  }

  private var language: String {
    "\(number("block_count")) blocks of \(number("embedding_length")), feed-forward "
      + "\(number("feed_forward_length")), \(number("attention.head_count")) heads "
      + "(\(number("attention.head_count_kv")) for keys and values) of "
      + "\(number("attention.key_length")), vocabulary \(number("vocab_size")), context "
      + number("context_length")
  }

  private var vision: String {
    "\(number("vision.block_count")) blocks of \(number("vision.embedding_length")), pictures of "
      + "\(number("vision.image_size")) pixels in patches of \(number("vision.patch_size"))"
  }

  private var checksumState: String {
    guard checksums.isChecked else { return "not compared (--verify does)" }
    let total = parts.reduce(0) { $0 + $1.tensors }
    return checksums.damaged.isEmpty
      ? "all \(total) tensors are as they were written"
      : "\(checksums.damaged.count) of \(total) tensors are damaged: "
        + checksums.damaged.joined(separator: ", ")
  }

  private func number(_ key: String) -> String {
    geometry[key].flatMap { Int(exactly: $0.rounded()) }.map(String.init) ?? "?"
  }

  private func heading(_ title: String) -> String {
    columns(title, "tensors", "weights", "bytes", "bits/weight")
  }

  private func line(_ share: Share) -> String {
    columns(
      share.name, "\(share.tensors)", "\(share.weights)", Format.bytes(share.bytes),
      Format.fixed(Double(share.bytes) * 8 / Double(share.weights), 2))
  }

  private func columns(_ texts: String...) -> String {
    let widths = [26, 8, 14, 12, 13]
    return zip(texts, widths).enumerated().map { index, column in
      index == 0 ? padded(column.0, column.1) : aligned(column.0, column.1)
    }.joined()
  }
}

extension Machine {
  /// The facts as lines for people.
  var table: String {
    let sets = availableInstructionSets.joined(separator: ", ")
    return [
      row("version", version),
      row("kernels", "\(instructionSet) (available: \(sets))"),
      row("threads", "\(threads)"),
      row("BLAS", blas ?? "none found; the portable kernels multiply in its place"),
    ].map { $0 + "\n" }.joined()
  }
}

/// A value comes from a file, and the table may go to a terminal.
private func row(_ title: String, _ value: String) -> String {
  padded(title, 12) + DisplayText.line(value)
}

private func padded(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(1, width - text.count))
}

private func aligned(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(1, width - text.count)) + text
}
