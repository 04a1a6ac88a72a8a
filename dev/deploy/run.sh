#!/bin/sh
# Started by the Lambda Web Adapter (its layer's /opt/bootstrap) in the place of the usual Python runtime, whose
# handler answers only in one piece. The adapter asks AWS_LWA_READINESS_CHECK_PATH until this server answers, then
# passes on each request, and each part of the answer as it comes. It ends one request before it brings the next.
PYTHONPATH="$LAMBDA_TASK_ROOT" exec python3 -m serve
