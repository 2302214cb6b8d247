#ifndef DAYTONAD_CLIENT_CLI_VOLUME_VOLUME_TABLES_H_
#define DAYTONAD_CLIENT_CLI_VOLUME_VOLUME_TABLES_H_

#include <google/protobuf/repeated_ptr_field.h>

#include "client/cli/base/table.h"
#include "daytonad/v1/volume.pb.h"

namespace daytonad::cli {

// One line for each.
Table VolumeTable(const google::protobuf::RepeatedPtrField<v1::Volume>& volumes);

// One line for each known property.
Table VolumeDetails(const v1::Volume& volume);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_VOLUME_VOLUME_TABLES_H_
