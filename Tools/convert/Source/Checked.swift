import JanusSystem
import Quant

/// The product of sizes from outside, `nil` where it overflows.
func checkedProduct(_ sizes: [Int]) -> Int? {
  try? sizes.reduce(1) { try $0.checkedMultiplying(by: $1) }
}

/// The sum of two sizes from outside, `nil` where it overflows.
func checkedSum(_ a: Int, _ b: Int) -> Int? { try? a.checkedAdding(b) }
