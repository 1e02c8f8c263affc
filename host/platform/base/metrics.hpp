// Counters, gauges and histograms by name and labels; prometheus-cpp stays behind metrics.cpp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace patchbay::base {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  void add(double amount = 1) const;
  double value() const;

 private:
  friend class Metrics;
  explicit Counter(void* counter) : counter_(counter) {}
  void* counter_;
};

class Gauge {
 public:
  void set(double value) const;
  void add(double amount) const;
  double value() const;

 private:
  friend class Metrics;
  explicit Gauge(void* gauge) : gauge_(gauge) {}
  void* gauge_;
};

class Histogram {
 public:
  void observe(double seconds) const;

 private:
  friend class Metrics;
  explicit Histogram(void* histogram) : histogram_(histogram) {}
  void* histogram_;
};

/// Thread-safe. Names are `patchbay_<part>_<what>_<unit>`. Looking up a series takes a lock: keep the handle in hot
/// paths.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  Histogram histogram(const std::string& name, const std::string& help, const Labels& labels = {});
  /// Prometheus text format 0.0.4.
  std::string render() const;

 private:
  struct Registry;
  std::unique_ptr<Registry> registry_;
};

}  // namespace patchbay::base
