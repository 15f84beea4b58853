// swift-tools-version: 6.2
import PackageDescription

/// Kernels are compiled optimised in every configuration, each tier with its own instruction set.
/// Nothing outside these targets may name a CPU feature: the rest must run on any x86-64 or arm64.
/// `-disable-cmo` keeps their code from being inlined into modules that lack those features.
func tier(_ name: String, folder: String, features: [String]) -> Target {
  .target(
    name: name,
    dependencies: ["CIntrinsics"],
    path: "Sources/SIMDKernels/\(folder)",
    swiftSettings: [.unsafeFlags(features.flatMap { ["-Xcc", $0] } + ["-O", "-disable-cmo"])])
}

#if arch(x86_64)
  let avx2 = ["-mavx2", "-mfma", "-mf16c", "-mbmi2"]
  let avxVNNI = avx2 + ["-mavxvnni"]
  let avx512 = [
    "-march=x86-64-v4", "-mavx512vnni", "-mavx512bf16", "-mavx512vbmi", "-mprfchw",
    "-mprefer-vector-width=512",
  ]
  let neon: [String] = []
#elseif arch(arm64)
  let avx2: [String] = []
  let avxVNNI: [String] = []
  let avx512: [String] = []
  let neon = ["-march=armv8.2-a+dotprod+fp16"]
#else
  let (avx2, avxVNNI, avx512, neon): ([String], [String], [String], [String]) = ([], [], [], [])
#endif

let package = Package(
  name: "janus-lite",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "JanusLite", targets: ["JanusLite"]),
    .executable(name: "janus-lite", targets: ["janus-lite"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
  ],
  targets: [
    // Doors to C: headers only.
    .systemLibrary(name: "CIntrinsics", path: "Sources/SIMDKernels/Intrinsics"),
    .systemLibrary(name: "CBLAS", path: "Sources/CBLAS"),
    .systemLibrary(
      name: "CPNG", path: "Sources/CPNG", pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CJPEG", path: "Sources/CJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),

    // The hot loops, once per instruction set, and the table of them.
    tier("KernelsPortable", folder: "Portable", features: []),
    tier("KernelsAVX2", folder: "AVX2", features: avx2),
    tier("KernelsAVXVNNI", folder: "AVXVNNI", features: avxVNNI),
    tier("KernelsAVX512", folder: "AVX512", features: avx512),
    tier("KernelsNEON", folder: "NEON", features: neon),
    .target(
      name: "SIMDKernels",
      dependencies: [
        "CIntrinsics", "KernelsPortable", "KernelsAVX2", "KernelsAVXVNNI", "KernelsAVX512",
        "KernelsNEON",
      ],
      path: "Sources/SIMDKernels/Kernels"),

    .target(name: "Quant", dependencies: ["SIMDKernels"], swiftSettings: [.unsafeFlags(["-O"])]),
    .target(name: "GGUF", dependencies: ["Quant"]),
    .target(
      name: "JanusImages", dependencies: ["CPNG", "CJPEG"], path: "Sources/Images",
      swiftSettings: [.unsafeFlags(["-O"])]),
    .target(
      name: "JanusFormulas", path: "Sources/Formulas", swiftSettings: [.unsafeFlags(["-O"])]),
    .target(
      name: "JanusLite",
      dependencies: ["Quant", "GGUF", "JanusImages", "CBLAS", "CIntrinsics", "SIMDKernels"],
      swiftSettings: [.unsafeFlags(["-O"])]),
    .target(
      name: "JanusConvert",
      dependencies: ["Quant", "GGUF", .product(name: "Crypto", package: "swift-crypto")],
      path: "Tools/convert",
      swiftSettings: [.unsafeFlags(["-O"])]),
    .executableTarget(
      name: "janus-lite",
      dependencies: [
        "JanusLite", "JanusConvert", "GGUF", "Quant", "JanusImages", "SIMDKernels",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .executableTarget(
      name: "kernel-bench",
      dependencies: [
        "JanusLite", "Quant", "SIMDKernels",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "benchmarks/kernels",
      exclude: ["README.md"],
      swiftSettings: [.unsafeFlags(["-O"])]),

    .testTarget(name: "FormulasTests", dependencies: ["JanusFormulas"]),
    .testTarget(name: "SIMDKernelsTests", dependencies: ["SIMDKernels"]),
    .testTarget(name: "QuantTests", dependencies: ["Quant"]),
    .testTarget(
      name: "GGUFTests",
      dependencies: ["GGUF", "Quant", .product(name: "Crypto", package: "swift-crypto")]),
    .testTarget(
      name: "ImagesTests",
      dependencies: ["JanusImages", .product(name: "Crypto", package: "swift-crypto")],
      exclude: ["Fixtures"], swiftSettings: [.unsafeFlags(["-O"])]),
    .testTarget(
      name: "ConvertTests", dependencies: ["JanusConvert"], swiftSettings: [.unsafeFlags(["-O"])]),
    .testTarget(
      name: "JanusLiteTests",
      dependencies: [
        "JanusLite", "JanusConvert", .product(name: "Crypto", package: "swift-crypto"),
      ]),
    .testTarget(name: "CommandTests", dependencies: ["JanusLite", "JanusConvert", "JanusImages"]),
  ]
)
