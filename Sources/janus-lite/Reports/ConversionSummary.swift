import JanusConvert
import JanusModelFile
import JanusSystem

/// What a conversion made, or will make.
struct ConversionSummary: Encodable {
  /// What a tensor's format costs.
  struct Tensor: Encodable {
    let tensor: String
    let format: String
    let shape: [Int]
    let relativeRMSE: Double
    let cosine: Double

    enum CodingKeys: String, CodingKey {
      case tensor, format, shape, cosine
      case relativeRMSE = "relative_rmse"
    }
  }

  let path: String
  let recipe: String
  let tensors: Int
  let fileBytes: Int
  let peakBytes: Int
  /// Of a forecast: what is free.
  let availableBytes: Int?
  let duration: Double
  let threads: Int
  let isForecast: Bool
  let notes: [String]
  let warnings: [String]
  let report: [Tensor]?

  enum CodingKeys: String, CodingKey {
    case path, recipe, tensors, threads, notes, warnings, report
    case fileBytes = "file_bytes"
    case peakBytes = "peak_bytes"
    case availableBytes = "available_bytes"
    case duration = "duration_s"
    case isForecast = "forecast"
  }

  init(
    _ forecast: Conversion.Forecast, of conversion: Conversion, path: String, recipe: Quantization
  ) {
    (self.path, self.recipe) = (path, recipe.rawValue)
    tensors = forecast.tensorCount
    fileBytes = forecast.fileBytes
    peakBytes = forecast.peakBytes
    availableBytes = AvailableMemory.bytes
    duration = forecast.seconds
    threads = forecast.threads
    isForecast = true
    (notes, warnings, report) = (conversion.notes, conversion.warnings, nil)
  }

  /// - Parameter measuresErrors: whether what each tensor's format costs was asked for.
  init(
    _ result: ConversionReport, recipe: Quantization, seconds: Double, threads: Int,
    measuresErrors: Bool
  ) {
    (path, self.recipe) = (result.path, recipe.rawValue)
    tensors = result.tensors.count
    fileBytes = result.byteCount
    peakBytes = ProcessMemory.peak
    availableBytes = nil
    (duration, self.threads) = (seconds, threads)
    isForecast = false
    (notes, warnings) = (result.notes, result.warnings)
    report =
      measuresErrors
      ? result.tensors.compactMap { tensor in
        tensor.error.map { error in
          Tensor(
            tensor: tensor.name, format: tensor.format.rawValue, shape: tensor.shape,
            relativeRMSE: error.relativeRMSE, cosine: error.cosine)
        }
      } : nil
  }

  /// The forecast for people.
  var lines: [String] {
    let room = availableBytes.map { "; \(Format.bytes($0)) are available" } ?? ""
    return [
      "\(path): \(tensors) tensors, \(Format.bytes(fileBytes))",
      "memory: \(Format.bytes(peakBytes)) at most\(room)",
      "time: about \(Format.duration(duration)) with \(threads) threads, and what the disk takes",
    ]
  }
}
