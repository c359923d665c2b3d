/* SPDX-License-Identifier: MIT */
/*
 * The walk once more, as most are: nobody is told what happens, and no check is supposed to go otherwise. The source is
 * the same; what watching takes is left out of it (WD_WATCHED), which a tenth of the time went into.
 */
#define WD_WATCHED false

/* What the parts of a walk call each other, apart from the names of those that are watched. */
#define wd_answer                 wd_answer_unwatched
#define wd_decode_operation       wd_decode_operation_unwatched
#define wd_encode_attributes      wd_encode_attributes_unwatched
#define wd_encode_shareability    wd_encode_shareability_unwatched
#define wd_read_features          wd_read_features_unwatched
#define wd_report_attributes      wd_report_attributes_unwatched
#define wd_s1_attributes          wd_s1_attributes_unwatched
#define wd_s1_check_permissions   wd_s1_check_permissions_unwatched
#define wd_s1_disabled_attributes wd_s1_disabled_attributes_unwatched
#define wd_s1_finish_attributes   wd_s1_finish_attributes_unwatched
#define wd_s1_params              wd_s1_params_unwatched
#define wd_s1_table_permissions   wd_s1_table_permissions_unwatched
#define wd_s1_translate           wd_s1_translate_unwatched
#define wd_s2_attributes          wd_s2_attributes_unwatched
#define wd_s2_is_device           wd_s2_is_device_unwatched
#define wd_s2_is_write_back       wd_s2_is_write_back_unwatched
#define wd_s2_translate           wd_s2_translate_unwatched
#define wd_store                  wd_store_unwatched

#include "oracle/at.c"
#include "oracle/attributes.c"
#include "oracle/memory.c"
#include "oracle/regime.c"
#include "oracle/stage1.c"
#include "oracle/stage1_params.c"
#include "oracle/stage1_permissions.c"
#include "oracle/stage2.c"
