import CIntrinsics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension InstructionSet {
  /// The sets that this processor and its operating system can run, the best last.
  public static let available: [InstructionSet] = allCases.filter {
    $0.isSupported && Kernels.table(of: $0) != nil
  }
}

#if arch(x86_64)
  extension InstructionSet {
    fileprivate var isSupported: Bool {
      let cpu = Processor.current
      return switch self {
      case .portable: true
      case .avx2: cpu.hasAVX2
      case .avxvnni: cpu.hasAVX2 && cpu.leaf7Sub1.eax.bit(4)
      case .avx512: cpu.hasAVX512
      case .neon: false
      }
    }
  }

  extension Kernels {
    /// Whether the AVX-512 tier may multiply bf16. Ice Lake and Tiger Lake have everything else
    /// that the tier needs.
    static let hasAVX512BF16 = Processor.current.hasBF16
  }

  /// What CPUID and XGETBV say. Bits are numbered as in Intel's manual, volume 2, "CPUID".
  private struct Processor {
    typealias Registers = (eax: UInt32, ebx: UInt32, ecx: UInt32, edx: UInt32)

    static let current = Processor()

    let leaf1 = registers(leaf: 1, subleaf: 0)
    let leaf7 = registers(leaf: 7, subleaf: 0)
    let leaf7Sub1 = registers(leaf: 7, subleaf: 1)

    /// The register states that the operating system saves. A wide register that it does not save
    /// loses its upper half at the next switch of threads.
    var savedStates: UInt64 {
      let osxsave = leaf1.ecx.bit(27)
      return osxsave ? janus_xgetbv0() : 0
    }

    var hasAVX2: Bool {
      let ymm: UInt64 = 0b110
      return savedStates & ymm == ymm
        && leaf1.ecx.bit(12) && leaf1.ecx.bit(28) && leaf1.ecx.bit(29)  // FMA, AVX, F16C
        && leaf7.ebx.bit(5) && leaf7.ebx.bit(8)  // AVX2, BMI2
    }

    var hasAVX512: Bool {
      let zmm: UInt64 = 0b1110_0110
      let foundation: [UInt32] = [16, 17, 28, 30, 31]  // F, DQ, CD, BW, VL
      return hasAVX2 && savedStates & zmm == zmm
        && foundation.allSatisfy { leaf7.ebx.bit($0) }
        && leaf7.ecx.bit(1) && leaf7.ecx.bit(11)  // VBMI, VNNI
    }

    var hasBF16: Bool { leaf7Sub1.eax.bit(5) }

    private static func registers(leaf: UInt32, subleaf: UInt32) -> Registers {
      var r: Registers = (0, 0, 0, 0)
      // Leaves beyond the highest return another leaf's data; this call reports them as absent.
      guard __get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx) == 1 else {
        return (0, 0, 0, 0)
      }
      return r
    }
  }

  extension UInt32 {
    fileprivate func bit(_ index: UInt32) -> Bool { self >> index & 1 == 1 }
  }
#elseif arch(arm64)
  extension InstructionSet {
    fileprivate var isSupported: Bool {
      switch self {
      case .portable: return true
      case .neon:
        #if canImport(Darwin)
          return sysctl("hw.optional.arm.FEAT_DotProd") && sysctl("hw.optional.arm.FEAT_FP16")
        #else
          // Bits of Linux's AT_HWCAP: half precision in vectors, dot product.
          let needed: UInt = 1 << 10 | 1 << 20
          return UInt(janus_hwcap()) & needed == needed
        #endif
      case .avx2, .avxvnni, .avx512: return false
      }
    }
  }

  #if canImport(Darwin)
    private func sysctl(_ name: String) -> Bool {
      var value: Int32 = 0
      var size = MemoryLayout<Int32>.size
      return sysctlbyname(name, &value, &size, nil, 0) == 0 && value == 1
    }
  #endif
#else
  extension InstructionSet {
    fileprivate var isSupported: Bool { self == .portable }
  }
#endif
