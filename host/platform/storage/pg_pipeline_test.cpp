#include "platform/storage/pg_pipeline.hpp"

#include <gtest/gtest.h>
