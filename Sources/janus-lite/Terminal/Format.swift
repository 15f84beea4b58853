import Foundation
import JanusEngine
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// Numbers for people to read.
enum Format {
  /// Decimal units, three digits: "4.18 GB".
  static func bytes(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["bytes", "kB", "MB", "GB"] {
      if value < 999.5 {
        return unit == "bytes" ? "\(count) bytes" : "\(threeDigits(value)) \(unit)"
      }
      value /= 1000
    }
    return "\(threeDigits(value)) TB"
  }

  static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    return whole < 60 ? "\(whole) s" : "\(whole / 60) min \(whole % 60) s"
  }

  static func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }

  /// Three digits and a power of ten: "3.42e-04".
  static func scientific(_ value: Double) -> String { String(format: "%.2e", value) }

  private static func threeDigits(_ value: Double) -> String {
    fixed(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
  }
}
