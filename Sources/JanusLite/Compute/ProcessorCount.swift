#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How many processors this process may really use.
public enum ProcessorCount {
  /// Physical cores allowed to the process: its affinity and its cgroup's quota are respected, and
  /// two hardware threads of one core count once, since they share its multipliers.
  public static let physicalCores: Int = {
    #if os(Linux)
      let allowed = allowedProcessors()
      var cores = Set<String>()
      for processor in allowed {
        let folder = "/sys/devices/system/cpu/cpu\(processor)/topology/"
        let package = SystemFile.text(folder + "physical_package_id") ?? "0"
        let core = SystemFile.text(folder + "core_id") ?? "cpu\(processor)"
        cores.insert("\(package)/\(core)")
      }
      return max(1, min(cores.count, quota() ?? .max))
    #elseif canImport(Darwin)
      // Performance cores only: a job waits for its slowest thread.
      return sysctl("hw.perflevel0.physicalcpu") ?? sysctl("hw.physicalcpu") ?? 1
    #else
      return 1
    #endif
  }()

  #if os(Linux)
    /// The processors that the process may run on, as the kernel lists them ("0-3,8").
    private static func allowedProcessors() -> [Int] {
      let key = "Cpus_allowed_list:"
      let line = SystemFile.text("/proc/self/status")?.split(separator: "\n").first {
        $0.hasPrefix(key)
      }
      let list = (line?.dropFirst(key.count) ?? "").filter { !$0.isWhitespace }
      let processors = list.split(separator: ",").flatMap { range -> [Int] in
        let ends = range.split(separator: "-").compactMap { Int($0) }
        guard let first = ends.first, let last = ends.last, first <= last else { return [] }
        return Array(first...last)
      }
      return processors.isEmpty
        ? Array(0..<max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) : processors
    }

    /// The cgroup's CPU time per period, rounded up to whole processors; nil where none is set.
    private static func quota() -> Int? {
      if let group = SystemFile.text("/proc/self/cgroup") {
        for line in group.split(separator: "\n") where line.hasPrefix("0::") {
          if let limit = quota(version2: "/sys/fs/cgroup" + line.dropFirst(3) + "/cpu.max") {
            return limit
          }
        }
      }
      if let limit = quota(version2: "/sys/fs/cgroup/cpu.max") { return limit }
      let version1 = "/sys/fs/cgroup/cpu/cpu.cfs_"
      guard let quota = SystemFile.text(version1 + "quota_us").flatMap({ Int($0) }),
        let period = SystemFile.text(version1 + "period_us").flatMap({ Int($0) }), quota > 0,
        period > 0
      else { return nil }
      return (quota + period - 1) / period
    }

    private static func quota(version2 path: String) -> Int? {
      guard let fields = SystemFile.text(path)?.split(separator: " "), fields.count == 2,
        let quota = Int(fields[0]), let period = Int(fields[1]), quota > 0, period > 0
      else { return nil }
      return (quota + period - 1) / period
    }
  #endif

  #if canImport(Darwin)
    private static func sysctl(_ name: String) -> Int? {
      var value: Int32 = 0
      var size = MemoryLayout<Int32>.size
      guard sysctlbyname(name, &value, &size, nil, 0) == 0, value > 0 else { return nil }
      return Int(value)
    }
  #endif
}
