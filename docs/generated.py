"""What is made from the code: the pages of docs/reference, and files of the chart."""

from docs import (
    chart_files,
    client_page,
    commands_page,
    http_page,
    metrics_page,
    problems_page,
    redis_page,
    schemas_page,
    settings_page,
    values_page,
)

#: File name -> what returns the page.
PAGES = {
    "http.md": http_page.render,
    "schemas.md": schemas_page.render,
    "problems.md": problems_page.render,
    "client.md": client_page.render,
    "commands.md": commands_page.render,
    "settings.md": settings_page.render,
    "metrics.md": metrics_page.render,
    "redis-keys.md": redis_page.render,
}

#: File name in helm/kerbside -> what returns its text.
CHART_FILES = {
    "README.md": values_page.render,
    "files/redis/users.txt": chart_files.redis_users,
}
