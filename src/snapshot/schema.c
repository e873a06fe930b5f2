#include "snapjson.h"
const char snap_json_schema[] = "{}\n";
