/**
 * The functions that SQL may call here, for completion: the list of `crates/sqlite/src/policy`, without
 * operators and what is of use to SQLite alone.
 */

export const FUNCTIONS: readonly string[] = `
  abs acos acosh asin asinh atan atan2 atanh avg bm25 ceil changes char coalesce concat concat_ws
  cos cosh count cume_dist current_date current_time current_timestamp date datetime degrees
  dense_rank exp first_value floor format group_concat hex highlight ifnull iif instr json
  json_array json_array_length json_each json_extract json_group_array json_group_object
  json_insert json_object json_patch json_quote json_remove json_replace json_set json_tree
  json_type json_valid jsonb jsonb_array jsonb_extract jsonb_group_array jsonb_group_object
  jsonb_insert jsonb_object jsonb_patch jsonb_remove jsonb_replace jsonb_set julianday lag
  last_insert_rowid last_value lead length likelihood likely ln log log2 lower ltrim max min mod
  nth_value ntile nullif octet_length percent_rank pi pow printf quote radians random randomblob
  rank replace round row_number rtrim sign sin sinh snippet soundex sqrt strftime string_agg
  substr substring sum tan tanh time timediff total trim trunc typeof unhex unicode unixepoch
  unlikely upper zeroblob
`.trim().split(/\s+/);
