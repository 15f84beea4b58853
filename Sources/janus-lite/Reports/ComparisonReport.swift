import JanusAccuracy
import JanusLite
import JanusModelFile
import JanusSystem
import JanusWords

/// What `compare` prints.
struct ComparisonReport: Encodable {
  enum Kind: String, Encodable {
    case texts, pictures, codes

    /// The parts of the network that such places run.
    var parts: Set<Janus.Part> {
      switch self {
      case .texts: [.language]
      case .pictures: [.language, .vision]
      case .codes: [.language, .painting]
      }
    }
  }

  /// Mean divergences where some parts are the second model's and the others the first one's.
  struct Mixture: Encodable {
    let fromSecond: [String]
    let texts: Double?
    let pictures: Double?
    let codes: Double?

    init(_ parts: Set<Janus.Part>, mean: (Kind) -> Double?) {
      fromSecond = Janus.Part.allCases.filter(parts.contains).map(\.rawValue)
      (texts, pictures, codes) = (mean(.texts), mean(.pictures), mean(.codes))
    }

    enum CodingKeys: String, CodingKey {
      case texts, pictures, codes
      case fromSecond = "from_second"
    }
  }

  /// One kind of places.
  struct Part {
    let kind: Kind
    let summary: DivergenceSummary
    /// Names of what was compared, by number.
    let inputs: [String]

    init(_ kind: Kind, _ summary: DivergenceSummary, inputs: [String]) {
      (self.kind, self.summary, self.inputs) = (kind, summary, inputs)
    }
  }

  private struct Model: Encodable {
    let path: String
    let recipe: String?
    let bytes: Int

    init(_ model: Janus) {
      path = model.container.file.path
      recipe = try? MetadataReader(model.container).string(.recipe)
      bytes = model.container.file.count
    }
  }

  private struct Figures: Encodable {
    let inputs: Int
    let places: Int
    let mean: Double?
    let median: Double?
    let most99: Double?
    let largest: Double?
    let agreement: Double?
    let perplexityFirst: Double?
    let perplexitySecond: Double?

    init(_ part: Part) {
      let summary = part.summary
      inputs = part.inputs.count
      places = summary.count
      mean = summary.mean
      median = summary.quantile(0.5)
      most99 = summary.quantile(0.99)
      largest = summary.quantile(1)
      agreement = summary.agreement
      perplexityFirst = summary.perplexity?.first
      perplexitySecond = summary.perplexity?.second
    }

    enum CodingKeys: String, CodingKey {
      case inputs, places, agreement
      case mean = "kl_mean"
      case median = "kl_median"
      case most99 = "kl_99"
      case largest = "kl_max"
      case perplexityFirst = "perplexity_first"
      case perplexitySecond = "perplexity_second"
    }
  }

  private struct Place: Encodable {
    let kind: Kind
    let input: String
    let place: Int
    let nats: Double
    let first: Int
    let second: Int
    /// What the tokens say; nil for codes.
    let firstText: String?
    let secondText: String?

    enum CodingKeys: String, CodingKey {
      case kind, input, place
      case nats = "kl"
      case first = "first_id"
      case second = "second_id"
      case firstText = "first_text"
      case secondText = "second_text"
    }
  }

  private let first: Model
  private let second: Model
  private let texts: Figures?
  private let pictures: Figures?
  private let codes: Figures?
  private let mixtures: [Mixture]?
  private let worst: [Place]

  enum CodingKeys: String, CodingKey {
    case first, second, texts, pictures, codes, worst
    case mixtures = "parts"
  }

  init(_ models: (Janus, Janus), _ parts: [Part], _ mixtures: [Mixture]?, worst count: Int) {
    self.mixtures = mixtures
    first = Model(models.0)
    second = Model(models.1)
    func figures(_ kind: Kind) -> Figures? { parts.first { $0.kind == kind }.map(Figures.init) }
    (texts, pictures, codes) = (figures(.texts), figures(.pictures), figures(.codes))
    let tokenizer = models.0.tokenizer
    worst = parts.flatMap { part in
      part.summary.worst.prefix(count).map { place in
        func text(_ token: Int) -> String? {
          guard part.kind != .codes, token < tokenizer.count else { return nil }
          return tokenizer.decode([token], skipSpecial: false)
        }
        let divergence = place.divergence
        return Place(
          kind: part.kind, input: part.inputs[place.input], place: place.index + 1,
          nats: divergence.nats, first: divergence.first, second: divergence.second,
          firstText: text(divergence.first), secondText: text(divergence.second))
      }
    }
  }

  /// A table for people.
  var lines: [String] {
    var rows = [["", "inputs", "places", "KL mean", "median", "99 %", "largest", "same choice"]]
    for (name, figures) in [("texts", texts), ("pictures", pictures), ("codes", codes)] {
      guard let figures else { continue }
      rows.append(
        [name, "\(figures.inputs)", "\(figures.places)"]
          + [figures.mean, figures.median, figures.most99, figures.largest].map(Self.number)
          + [figures.agreement.map { Format.fixed(100 * $0, 2) + " %" } ?? "–"])
    }
    var lines = Self.aligned(rows)
    if let texts, let one = texts.perplexityFirst, let other = texts.perplexitySecond {
      lines.append("perplexity of the texts: \(Format.fixed(one, 4)), \(Format.fixed(other, 4))")
    }
    if let mixtures {
      lines += Self.aligned(
        [["from the second file", "texts", "pictures", "codes"]]
          + mixtures.map { mixture in
            [mixture.fromSecond.joined(separator: ", ")]
              + [mixture.texts, mixture.pictures, mixture.codes].map(Self.number)
          })
    }
    for place in worst {
      let choices =
        [(place.first, place.firstText), (place.second, place.secondText)].map { id, text in
          text.map { "'\(DisplayText.line($0, limit: 20))'" } ?? "\(id)"
        }.joined(separator: " and ")
      lines.append(
        "\(Self.number(place.nats)) \(place.kind.rawValue): "
          + "\(DisplayText.line(place.input, limit: 60)), place \(place.place): \(choices)")
    }
    return lines
  }

  private static func number(_ value: Double?) -> String {
    guard let value else { return "–" }
    if value == 0 { return "0" }
    return value >= 0.001 ? Format.fixed(value, 5) : Format.scientific(value)
  }

  private static func aligned(_ rows: [[String]]) -> [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).enumerated().map { index, cell in
        let blanks = String(repeating: " ", count: cell.1 - cell.0.count)
        return index == 0 ? cell.0 + blanks : blanks + cell.0
      }.joined(separator: "  ")
    }
  }
}
