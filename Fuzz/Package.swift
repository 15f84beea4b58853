// swift-tools-version: 6.2
import PackageDescription

/// Every module here is the project's own source, compiled with coverage and AddressSanitizer. The folders
/// `Sources` and `Tools` are links to the project's, so that each path reads as in its Package.swift.
let fuzzed: [SwiftSetting] = [
  .unsafeFlags(["-O", "-sanitize=fuzzer,address", "-Xcc", "-fsanitize=address"])
]

/// Kernels are not fed with bytes from outside here; they only have to be there.
func tier(_ name: String, folder: String, features: [String]) -> Target {
  .target(
    name: name, dependencies: ["CIntrinsics"], path: "Sources/SIMDKernels/\(folder)",
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
  name: "Fuzz",
  platforms: [.macOS(.v15)],
  targets: [
    .systemLibrary(name: "CPNG", path: "Sources/CPNG", pkgConfig: "libpng"),
    .systemLibrary(name: "CJPEG", path: "Sources/CJPEG", pkgConfig: "libjpeg"),
    .systemLibrary(name: "CPictureLibraries", path: "Sources/CPictureLibraries"),
    .target(
      name: "JanusImages", dependencies: ["CPNG", "CJPEG", "CPictureLibraries", "JanusSystem"],
      path: "Sources/Images", swiftSettings: fuzzed),

    .systemLibrary(name: "CCrypto", path: "Sources/CCrypto", pkgConfig: "libcrypto"),
    .systemLibrary(name: "CIntrinsics", path: "Sources/SIMDKernels/Intrinsics"),
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
    .target(
      name: "Quant", dependencies: ["SIMDKernels"], path: "Sources/Quant", swiftSettings: fuzzed),
    .target(
      name: "JanusSystem", dependencies: ["CCrypto", "Quant"], path: "Sources/System",
      swiftSettings: fuzzed),
    .target(
      name: "GGUF", dependencies: ["Quant", "JanusSystem"], path: "Sources/GGUF",
      swiftSettings: fuzzed),
    .target(
      name: "JanusModelFile", dependencies: ["GGUF", "Quant", "JanusSystem"],
      path: "Sources/ModelFile", swiftSettings: fuzzed),
    .target(
      name: "JanusWords", dependencies: ["GGUF", "JanusModelFile", "JanusSystem"],
      path: "Sources/Words", swiftSettings: fuzzed),
    .target(
      name: "JanusConvert",
      dependencies: ["Quant", "GGUF", "JanusModelFile", "JanusSystem", "JanusWords"],
      path: "Tools/convert", swiftSettings: fuzzed),

    .target(name: "JanusFormulas", path: "Sources/Formulas", swiftSettings: fuzzed),

    .systemLibrary(name: "CCurl", path: "Sources/CCurl"),
    .target(
      name: "JanusDownload", dependencies: ["CCurl", "JanusSystem"], path: "Sources/Download",
      swiftSettings: fuzzed),

    // What reads a body, without the packages that carry it.
    .target(
      name: "JanusServe", dependencies: ["JanusImages"], path: "Sources/Serve",
      sources: [
        "JSON", "RequestLimits.swift", "Engine/InferenceEngine.swift", "HTTP/APIError.swift",
        "HTTP/Background.swift", "HTTP/Base64.swift", "HTTP/Multipart.swift",
        "HTTP/RequestBody.swift", "Routes/ChatFields.swift", "Routes/FormulaFields.swift",
        "Routes/PaintFields.swift", "Routes/PictureField.swift",
      ], swiftSettings: fuzzed),
    .target(
      name: "JanusRequests", path: "Sources/Requests", sources: ["WorkerRequest.swift"],
      swiftSettings: fuzzed),

    .executableTarget(
      name: "fuzzers",
      dependencies: [
        "JanusImages", "GGUF", "JanusConvert", "JanusWords", "JanusFormulas", "JanusDownload",
        "JanusServe", "JanusRequests", "JanusSystem",
      ],
      path: "Fuzzers",
      swiftSettings: fuzzed + [.unsafeFlags(["-parse-as-library"])],
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
  ]
)
