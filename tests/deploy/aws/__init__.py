"""Tests of the deployment to AWS."""
