/* SPDX-License-Identifier: Apache-2.0 */
/* openapi_schema.h: the part of openapi.json that is JSON Schema: fields, bodies, answers, problems. */
#ifndef API_OPENAPI_SCHEMA_H
#define API_OPENAPI_SCHEMA_H

#include <stdint.h>

#include "api/answer.h"
#include "api/input.h"
#include "base/json.h"

/* openapi_schema_field(writer, schema, field): what a value of the field is. */
void openapi_schema_field(struct json_writer *writer, json_value *schema, const struct field *field);

/* openapi_schema_body(writer, schema, spec): the object that a request's body is. */
void openapi_schema_body(struct json_writer *writer, json_value *schema, const struct input_spec *spec);

/* openapi_schema_answer(writer, schema, answer): a reference to it, or the schema of one without a name. */
void openapi_schema_answer(struct json_writer *writer, json_value *schema, const struct answer *answer);

/* openapi_schema_problem(writer, schema, status, problems): those of `problems` that have the status. */
void openapi_schema_problem(struct json_writer *writer, json_value *schema, int status, uint32_t problems);

/* openapi_schema_all(writer, schemas): every answer with a name that a route gives, and Problem. */
void openapi_schema_all(struct json_writer *writer, json_value *schemas);

#endif
