#pragma once

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <string>
#include <utility>
#include <vector>

// The Prometheus text format 0.0.4.
namespace parley::web {

using prometheus::MetricType;
using Labels = std::vector<prometheus::ClientMetric::Label>;

// The families of one answer, in the order in which they were opened.
class Families {
public:
    void open(std::string name, std::string help, MetricType type) {
        families_.push_back({std::move(name), std::move(help), type, {}});
    }

    void add(double value, Labels labels = {}) {
        prometheus::ClientMetric metric;
        metric.label = std::move(labels);
        if (families_.back().type == MetricType::Counter) {
            metric.counter.value = value;
        } else {
            metric.gauge.value = value;
        }
        families_.back().metric.push_back(std::move(metric));
    }

    void one(std::string name, std::string help, MetricType type, double value) {
        open(std::move(name), std::move(help), type);
        add(value);
    }

    std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

private:
    std::vector<prometheus::MetricFamily> families_;
};

}  // namespace parley::web
