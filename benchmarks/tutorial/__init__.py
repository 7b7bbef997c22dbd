"""What Kerbside is compared with: Flask, Celery and Redis as tutorials join them."""
