"""Tests of the DAG in examples/airflow."""
