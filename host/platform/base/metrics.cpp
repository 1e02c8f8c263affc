#include "platform/base/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace patchbay::base {
namespace {

// From a cached read to a slow sync page: 0.5 ms to a minute.
const prometheus::Histogram::BucketBoundaries kBucketSeconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                             0.25,   0.5,   1,      2.5,   5,    10,    30,   60};

template <typename Metric>
Metric& as(void* metric) {
  return *static_cast<Metric*>(metric);
}

}  // namespace

struct Metrics::Registry {
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
};

Metrics::Metrics() : registry_(std::make_unique<Registry>()) {}
Metrics::~Metrics() = default;

Counter Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(registry_->registry);
  return Counter(&family.Add(labels));
}

Gauge Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(registry_->registry);
  return Gauge(&family.Add(labels));
}

Histogram Metrics::histogram(const std::string& name, const std::string& help, const Labels& labels) {
  auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(registry_->registry);
  return Histogram(&family.Add(labels, kBucketSeconds));
}

std::string Metrics::render() const {
  return prometheus::TextSerializer().Serialize(registry_->registry.Collect());
}

void Counter::add(double amount) const {
  as<prometheus::Counter>(counter_).Increment(amount);
}
double Counter::value() const {
  return as<prometheus::Counter>(counter_).Value();
}

void Gauge::set(double value) const {
  as<prometheus::Gauge>(gauge_).Set(value);
}
void Gauge::add(double amount) const {
  as<prometheus::Gauge>(gauge_).Increment(amount);
}
double Gauge::value() const {
  return as<prometheus::Gauge>(gauge_).Value();
}

void Histogram::observe(double seconds) const {
  as<prometheus::Histogram>(histogram_).Observe(seconds);
}

}  // namespace patchbay::base
