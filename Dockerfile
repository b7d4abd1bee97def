# One image for every process of a server: migrate, web, worker, reaper.
FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 STATIC_ROOT=/srv/static RAW_STORE=/srv/raw
WORKDIR /srv/trialsite
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY manage.py ./
COPY trialsite trialsite
COPY cart cart
COPY labs labs
RUN useradd --system --uid 10001 --home /srv trialsite \
    && mkdir -p /srv/static /srv/raw \
    && DATABASE_URL=postgresql://build@127.0.0.1:1/build python manage.py collectstatic --noinput \
    && chown -R trialsite /srv/raw
USER trialsite
EXPOSE 8000
CMD ["gunicorn", "trialsite.wsgi", "--bind", "0.0.0.0:8000", "--workers", "3", "--threads", "4", "--no-control-socket"]
