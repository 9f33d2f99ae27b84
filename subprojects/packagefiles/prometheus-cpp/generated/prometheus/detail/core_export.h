// A static library exports nothing; upstream lets cmake write this file.
#pragma once
#define PROMETHEUS_CPP_CORE_EXPORT
