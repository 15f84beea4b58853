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

/// Loops over pixels, bytes and numbers: debug builds would be unusable without.
let optimized: [SwiftSetting] = [.unsafeFlags(["-O"])]

/// The commit that `--version` names, where the build is told one.
let commit = (Context.environment["JANUS_LITE_COMMIT"] ?? "").filter(\.isHexDigit)
let namesCommit: [SwiftSetting] =
  commit.isEmpty ? [] : [.unsafeFlags(["-Xcc", "-DJANUS_LITE_COMMIT=\"\(commit)\""])]

/// The command loads nothing from its own folder (Tools/link), and what the loader has filled in is read-only from
/// its start on.
let hardened: [LinkerSetting] = [
  .unsafeFlags(
    [
      "-Xclang-linker", "--ld-path=\(Context.packageDirectory)/Tools/link",
      "-Xlinker", "-z", "-Xlinker", "now", "-Xlinker", "-z", "-Xlinker", "relro",
    ], .when(platforms: [.linux]))
]

/// `janus-lite serve`, which is part of the command unless its trait is turned off. Who uses the library
/// builds nothing of it, and with `traits: []` fetches nothing of it either.
let server: TargetDependencyCondition? = .when(traits: ["Server"])

let package = Package(
  name: "janus-lite",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "JanusLite", targets: ["JanusLite"]),
    .executable(name: "janus-lite", targets: ["janus-lite"]),
  ],
  traits: [
    .default(enabledTraits: ["Server"]),
    .trait(name: "Server", description: "The command serves the model by HTTP."),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // Doors to C: headers only.
    .systemLibrary(name: "CIntrinsics", path: "Sources/SIMDKernels/Intrinsics"),
    .systemLibrary(name: "CBLAS", path: "Sources/CBLAS"),
    .systemLibrary(name: "CBuild", path: "Sources/CBuild"),
    // Opened at run time.
    .systemLibrary(name: "CEditLine", path: "Sources/CEditLine"),
    .systemLibrary(
      name: "CPNG", path: "Sources/CPNG", pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CJPEG", path: "Sources/CJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(name: "CPictureLibraries", path: "Sources/CPictureLibraries"),

    .systemLibrary(
      name: "CCrypto", path: "Sources/CCrypto", pkgConfig: "libcrypto",
      providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),

    // Opened at run time; only its header is needed to build.
    .systemLibrary(
      name: "CCurl", path: "Sources/CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),

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

    .target(name: "Quant", dependencies: ["SIMDKernels"], swiftSettings: optimized),
    .target(name: "JanusSystem", dependencies: ["CCrypto", "Quant"], path: "Sources/System"),
    .target(name: "GGUF", dependencies: ["Quant", "JanusSystem"]),
    .target(
      name: "JanusImages", dependencies: ["CPNG", "CJPEG", "CPictureLibraries", "JanusSystem"],
      path: "Sources/Images",
      swiftSettings: optimized),

    // What a model file holds: written by JanusConvert, read by JanusEngine.
    .target(
      name: "JanusModelFile", dependencies: ["GGUF", "Quant", "JanusSystem"],
      path: "Sources/ModelFile"),
    .target(
      name: "JanusWords", dependencies: ["GGUF", "JanusModelFile", "JanusSystem"],
      path: "Sources/Words", swiftSettings: optimized),
    .target(
      name: "JanusEngine",
      dependencies: [
        "Quant", "GGUF", "JanusImages", "JanusModelFile", "JanusSystem", "JanusWords", "CBLAS",
        "CIntrinsics", "SIMDKernels",
      ],
      path: "Sources/Engine", swiftSettings: optimized),
    .target(name: "JanusFormulas", path: "Sources/Formulas", swiftSettings: optimized),
    .target(
      name: "JanusLite",
      dependencies: [
        "GGUF", "JanusEngine", "JanusFormulas", "JanusImages", "JanusModelFile", "JanusSystem",
        "JanusWords",
        "Quant", "SIMDKernels",
      ],
      swiftSettings: optimized),
    .target(
      name: "JanusRequests", dependencies: ["JanusLite", "JanusSystem"], path: "Sources/Requests"),
    .target(
      name: "JanusMeasure",
      dependencies: [
        "JanusEngine", "JanusImages", "JanusLite", "JanusModelFile", "JanusSystem", "JanusWords",
        "SIMDKernels",
      ],
      path: "Sources/Measure", swiftSettings: optimized),
    .target(
      name: "JanusAccuracy",
      dependencies: [
        "GGUF", "JanusEngine", "JanusImages", "JanusLite", "JanusModelFile", "JanusSystem",
        "JanusWords",
      ],
      path: "Sources/Accuracy", swiftSettings: optimized),
    .target(
      name: "JanusConvert",
      dependencies: ["Quant", "GGUF", "JanusModelFile", "JanusSystem", "JanusWords"],
      path: "Tools/convert", swiftSettings: optimized),
    .target(
      name: "JanusServe",
      dependencies: [
        "JanusEngine", "JanusFormulas", "JanusImages", "JanusLite", "JanusRequests", "JanusSystem",
        "JanusWords",
        .product(name: "Hummingbird", package: "hummingbird", condition: server),
        .product(name: "HummingbirdCore", package: "hummingbird", condition: server),
        .product(name: "NIOCore", package: "swift-nio", condition: server),
        .product(name: "NIOHTTP1", package: "swift-nio", condition: server),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras", condition: server),
        .product(name: "HTTPTypes", package: "swift-http-types", condition: server),
        .product(name: "Logging", package: "swift-log", condition: server),
        .product(
          name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: server),
      ],
      path: "Sources/Serve",
      // The command is one file that can be copied anywhere: the page is in its code.
      resources: [.embedInCode("Page"), .embedInCode("openapi.json")]),
    // A name to a checkpoint's folder: knows the network, not the model.
    .target(
      name: "JanusDownload", dependencies: ["CCurl", "JanusSystem"], path: "Sources/Download"),
    .executableTarget(
      name: "janus-lite",
      dependencies: [
        "CBuild", "CEditLine", "JanusAccuracy", "JanusLite", "JanusConvert", "JanusDownload",
        "JanusEngine",
        "JanusFormulas", "JanusMeasure",
        "JanusModelFile", "JanusRequests", "JanusSystem", "JanusWords", "GGUF", "Quant",
        "JanusImages", "SIMDKernels",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .target(name: "JanusServe", condition: server),
        .product(name: "Logging", package: "swift-log", condition: server),
      ],
      swiftSettings: namesCommit, linkerSettings: hardened),

    .executableTarget(
      name: "kernel-bench",
      dependencies: [
        "JanusEngine", "JanusMeasure", "JanusSystem", "Quant", "SIMDKernels",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "benchmarks/kernels", exclude: ["README.md"], swiftSettings: optimized),

    .executableTarget(
      name: "kernel-check",
      dependencies: [
        "SIMDKernels", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tools/kernel-check", swiftSettings: optimized),

    .target(name: "TestSupport", path: "Tests/TestSupport"),
    // A hub to download from.
    .target(name: "HubTesting", path: "Tests/HubTesting", exclude: ["hub.py"]),
    .testTarget(name: "SIMDKernelsTests", dependencies: ["SIMDKernels"]),
    .testTarget(name: "QuantTests", dependencies: ["Quant"]),
    .testTarget(name: "SystemTests", dependencies: ["JanusSystem"]),
    .testTarget(name: "GGUFTests", dependencies: ["GGUF", "JanusSystem", "Quant"]),
    .testTarget(
      name: "ModelFileTests", dependencies: ["GGUF", "JanusModelFile", "JanusSystem", "Quant"]),
    .testTarget(
      name: "ImagesTests", dependencies: ["JanusImages", "JanusSystem"], exclude: ["Fixtures"],
      swiftSettings: optimized),
    .testTarget(
      name: "ConvertTests",
      dependencies: ["JanusConvert", "GGUF", "JanusModelFile", "JanusSystem", "Quant"],
      swiftSettings: optimized),
    .testTarget(
      name: "FormulasTests", dependencies: ["JanusFormulas"], swiftSettings: optimized),
    .testTarget(
      name: "DownloadTests", dependencies: ["JanusDownload", "JanusSystem", "HubTesting"]),
    .testTarget(
      name: "WordsTests",
      dependencies: [
        "JanusConvert", "JanusWords", "GGUF", "JanusModelFile", "JanusSystem", "TestSupport",
      ]),
    .testTarget(
      name: "EngineTests",
      dependencies: [
        "JanusEngine", "JanusSystem", "JanusWords", "Quant", "SIMDKernels", "TestSupport",
      ]),
    .testTarget(
      name: "JanusLiteTests",
      dependencies: [
        "GGUF", "JanusAccuracy", "JanusConvert", "JanusEngine", "JanusFormulas", "JanusImages",
        "JanusLite", "JanusModelFile", "JanusSystem", "JanusWords", "Quant", "SIMDKernels",
      ]),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "JanusConvert", "JanusEngine", "JanusImages", "JanusLite", "JanusRequests", "JanusSystem",
        "HubTesting",
      ]),
    .testTarget(
      name: "ServeTests",
      dependencies: [
        "JanusServe", "JanusImages", "JanusConvert", "JanusLite", "JanusRequests", "JanusSystem",
      ]),
  ]
)
